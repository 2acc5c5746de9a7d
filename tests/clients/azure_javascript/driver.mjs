// Holds the conversation of tests/clients with @azure/ai-voicelive. Arguments: model, file with a turn of speech.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { VoiceLiveClient } from "@azure/ai-voicelive";
import { AzureKeyCredential } from "@azure/core-auth";

const [model, file] = process.argv.slice(2);
const speech = readFileSync(file);
const see = (what, fields = {}) => console.log(JSON.stringify({ saw: what, ...fields }));

const settings = {
  modalities: ["text", "audio"],
  instructions: "Be brief.",
  voice: { type: "azure-standard", name: "en-US-AvaNeural" },
  inputAudioFormat: "pcm16",
  outputAudioFormat: "pcm16",
  inputAudioTranscription: { model: "azure-speech" },
  turnDetection: { type: "server_vad", threshold: 0.5, prefixPaddingInMs: 300, silenceDurationInMs: 500 },
  tools: [
    {
      type: "function",
      name: "get_weather",
      description: "Tells the weather of a city",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  ],
};

const credential = new AzureKeyCredential(process.env.AZURE_VOICELIVE_API_KEY);
const session = new VoiceLiveClient(process.env.AZURE_VOICELIVE_ENDPOINT, credential).createSession(model);
let turns = 0;
let transcript = "";
let audio = [];
let ended;
const end = new Promise((resolve, reject) => (ended = { resolve, reject }));

async function speak() {
  turns += 1;
  for (let start = 0; start < speech.length; start += 4800) {
    await session.sendAudio(speech.subarray(start, start + 4800));
  }
}

async function cancel(event) {
  turns += 1;
  const where = { itemId: event.itemId, contentIndex: event.contentIndex };
  await session.sendEvent({ type: "conversation.item.truncate", ...where, audioEndInMs: 50 });
  await session.sendEvent({ type: "response.cancel" });
}

// Not awaited by the client: a handler that fails would go unnoticed.
const handling = (handler) => (event) => handler(event).catch(ended.reject);

session.subscribe({
  onSessionCreated: handling(() => session.updateSession(settings)),
  onSessionUpdated: handling(speak),
  onConversationItemInputAudioTranscriptionCompleted: handling(async (event) =>
    see("user", { transcript: event.transcript }),
  ),
  onResponseCreated: handling(async () => {
    transcript = "";
    audio = [];
  }),
  onResponseAudioTranscriptDelta: handling(async (event) => {
    transcript += event.delta;
  }),
  onResponseAudioDelta: handling(async (event) => {
    audio.push(event.delta);
    if (audio.length === 1 && turns === 2) await speak();
    else if (audio.length === 1 && turns === 4) await cancel(event);
  }),
  onResponseFunctionCallArgumentsDone: handling(async (event) => {
    see("call", { name: event.name, arguments: JSON.parse(event.arguments) });
    const output = JSON.stringify({ weather: "snow" });
    await session.addConversationItem({ type: "function_call_output", callId: event.callId, output });
  }),
  onResponseDone: handling(async ({ response }) => {
    if (response.output[0]?.type !== "message") {
      await session.sendEvent({ type: "response.create" });
      return;
    }
    const interrupted = response.status === "cancelled";
    const bytes = Buffer.concat(audio);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    see("reply", { transcript, interrupted, bytes: bytes.length, sha256 });
    if (turns === 5) ended.resolve();
    else if (!interrupted) await speak();
  }),
  onServerError: handling(async (event) => see("error", { message: event.error.message })),
  onDisconnected: handling(async () => ended.reject(new Error("disconnected"))),
});

await session.connect();
await end;
await session.dispose();
see("end");
