"""Neural speech for the embedded service: Silero hears that somebody speaks, Moonshine what, and hibari answers.

The extra ``voicelive[emulator]`` brings what these modules import and the files they load; nothing is downloaded at run
time. ``voicelive.emulator.tiers`` decides whether they are used, and imports them only then.
"""
