from voicelive import connect
from voicelive.emulator import Emulator
from voicelive.emulator.audio import write_wav
from voicelive.emulator.recording import recording

speech = recording(24_000) + bytes(48_000)  # a second of silence ends the turn

with (
    Emulator() as service,
    connect(endpoint=service.endpoint, credential=service.api_key, model="gpt-realtime") as conn,
):
    conn.session.update(session={"instructions": "Answer in one short sentence."})
    conn.input_audio_buffer.append(audio=speech)
    reply = b""
    for event in conn:
        print(event.type)
        if event.type == "response.audio.delta":
            reply += event.audio
        elif event.type == "response.audio_transcript.done":
            print(event.transcript)
        elif event.type == "response.done":
            break
    write_wav("reply.wav", reply, rate=24_000)
