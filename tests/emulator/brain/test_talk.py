"""What the brain says to what people say, spelled as they write and as a recognizer does."""

from __future__ import annotations

from datetime import datetime

import pytest

from voicelive.emulator import Brain, ConversationView


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        # Small talk
        ("Hello!", "Hello! How can I help you?"),
        ("hey there", "Hello! How can I help you?"),
        ("good evening", "Good evening! How can I help you?"),
        ("Hello, how are you today?", "I am fine, thank you. And you?"),
        ("hows it going", "I am fine, thank you. And you?"),
        ("thank you very much", "You are welcome."),
        ("OK, thanks, bye!", "Goodbye!"),
        ("whats your name", "I am the embedded voice service; nobody gave me a name."),
        ("can you hear me", "I hear you."),
        ("spell cat", "Cat: C, A, T."),
        ("count to five", "1, 2, 3, 4, 5."),
        # Facts
        ("What is the capital of France?", "The capital of France is Paris."),
        ("whats germanys capital", "The capital of Germany is Berlin."),
        ("um can you please tell me what the capital of uh Spain is", "The capital of Spain is Madrid."),
        ("what is paris the capital of", "Paris is the capital of France."),
        ("which planet is the biggest", "Jupiter is the largest planet of the solar system."),
        ("What's the third planet from the sun?", "Earth is the third planet from the sun."),
        ("how many moons does mars have", "Mars has 2 moons."),
        ("what is the chemical symbol for gold", "The chemical symbol of gold is Au."),
        ("Which element has the symbol Fe?", "Fe, number 26, is iron."),
        ("why is the sky blue", "The sky is blue because air scatters blue light more than red light."),
        ("who wrote hamlet", "William Shakespeare wrote Hamlet."),
        ("who invented the telephone", "Alexander Graham Bell patented the telephone in 1876."),
        ("how tall is mount everest", "Mount Everest is 8,849 meters, or 29,032 feet, high."),
        ("at what temperature does water boil",
         "Water boils at 100 degrees Celsius, or 212 degrees Fahrenheit, at sea level."),
        ("He might even have been made amiable himself.",
         "That is a line from Sense and Sensibility, by Jane Austen."),
        # Units
        ("how many feet are in a mile", "One mile is 5280 feet."),
        ("convert ten miles to kilometers", "10 miles are about 16.09 kilometers."),
        ("what is one hundred degrees fahrenheit in celsius",
         "100 degrees Fahrenheit are about 37.78 degrees Celsius."),
        ("how many seconds are there in an hour", "One hour is 3600 seconds."),
        # Arithmetic
        ("what is two plus three times four", "Two plus three times four is 14."),
        ("Whats 15 percent of 80?", "15 percent of 80 is 12."),
        ("the square root of one hundred and forty four", "The square root of one hundred and forty four is 12."),
        ("what is the square root of two", "The square root of two is about 1.414214."),
        ("how much is half of thirty", "Half of thirty is 15."),
        ("(2+3)*4", "(2+3)*4 is 20."),
        ("one hundred divided by seven", "One hundred divided by seven is about 14.285714."),
        ("five divided by zero", "Nothing can be divided by zero."),
        ("nine to the power of nine million", "That number is too big for me."),
        ("what is 0.1 plus 0.2", "0.1 plus 0.2 is 0.3."),
        ("subtract three from ten", "That makes 7."),
        # Dates and times
        ("what day is it today", "Today is Friday, November 20, 2026."),
        ("what is the date tomorrow", "Tomorrow is Saturday, November 21, 2026."),
        ("What was yesterday's date?", "Yesterday was Thursday, November 19, 2026."),
        ("how many days until Christmas", "35 days until Christmas."),
        ("how long until new year's eve", "41 days until New Year's Eve."),
        ("how many days since Halloween", "Halloween was 20 days ago."),
        ("what day of the week is july fourth twenty twenty seven", "July 4, 2027 is a Sunday."),
        ("when is easter", "Easter is on Sunday, March 28, 2027."),
        ("is today Friday", "Yes, today is Friday."),
        ("whats the time", "It is 10:15 AM."),
        ("what year is it", "It is 2026."),
        ("is 2028 a leap year", "Yes, 2028 is a leap year."),
        # Repeating
        ("Repeat after me: the quick brown fox.", "The quick brown fox."),
        ("please say hello world", "Hello world"),
        # None of these
        ("who won the match last night", "I am sorry, I do not know that."),
        ("who is the president of the United States", "I am sorry, I do not know that."),
        ("book a table for two", "I am sorry, I have no tool for that."),
        ("I like trains", "You wrote: I like trains"),
        ("", "Hello! I am the embedded voice service. Talk to me, or write to me."),
    ],
)  # fmt: skip
def test_answers(talk, said, answer):
    assert talk()(said).said == answer


def test_it_refers_to_what_was_said_before(talk):
    conversation = talk()
    assert conversation("My name is bob").said == "Nice to meet you, Bob."
    assert conversation("what is my name").said == "Your name is Bob."
    assert conversation("say that again").said == "Your name is Bob."
    assert conversation("what did I just say").said == "You said: say that again"


def test_the_time_is_the_clocks_own():
    brain = Brain(clock=lambda: datetime(2024, 2, 28, 23, 59))

    def ask(said):
        items = [{"type": "message", "role": "user", "content": [{"type": "text", "text": said}]}]
        return brain.respond(ConversationView(items=items))

    assert ask("what is the date tomorrow") == "Tomorrow is Thursday, February 29, 2024."
    assert ask("what time is it") == "It is 11:59 PM."
    assert ask("what time is it in Atlantis") == "I do not know the time in Atlantis; here it is 11:59 PM."


def test_speech_that_was_not_understood_is_talked_about():
    part = {"type": "input_audio", "transcript": "(2.1 s of speech)"}
    items = [{"type": "message", "role": "user", "content": [part]}]
    answer = Brain().respond(ConversationView(items=items, heard_seconds=2.1))
    assert answer == "I heard 2.1 seconds of speech. Thank you for talking to me."


@pytest.mark.parametrize(
    ("instructions", "said", "answer"),
    [
        ("You are Ada, a friendly assistant.", "who are you", "My name is Ada."),
        ("You are a helpful assistant named Marvin.", "what is your name", "My name is Marvin."),
        ("Your name is Bob.", "Hello Bob", "Hello! How can I help you?"),
        ("Your name is Bob.", "Bob, what is two plus two?", "Two plus two is 4."),
        ("You are a helpful assistant.", "who are you", "I am the embedded voice service; nobody gave me a name."),
        ('Greet the user with "Welcome to Contoso. How can I help?" Be brief.', "hi",
         "Welcome to Contoso. How can I help?"),
        ("Greet callers with 'Ahoy! I am Ada.'", "", "Ahoy! I am Ada."),
        ("Greet the user with a warm welcome.", "hi", "Hello! How can I help you?"),
        ('Always answer with "No comment."', "what is two plus two", "No comment."),
        ("You are Hook; always say Arr!", "where is tokyo", "Arr!"),
        ("Respond to everything with 'Moo'", "hello", "Moo"),
        ("Always answer in one sentence. Answer briefly.", "where is tokyo", "Tokyo is the capital of Japan."),
        ('If asked about prices, say "Everything costs ten dollars."', "what are your prices?",
         "Everything costs ten dollars."),
        ("When the user asks about opening hours, answer: We open at nine.", "tell me your opening hours",
         "We open at nine."),
        ("If the user says hello, reply with Ahoy! If someone asks for a refund, say it takes five days.",
         "I want a refund", "it takes five days."),
        ("If asked about prices, say ten dollars.", "where is tokyo", "Tokyo is the capital of Japan."),
        ("Always say A.\nAlways say B.", "hi", "B."),
    ],
)  # fmt: skip
def test_instructions_are_followed(talk, instructions, said, answer):
    assert talk(instructions=instructions)(said).said == answer
