"""What the brain knows. Compact tables, one fact in a line; how they are searched stands in ``facts``."""

from __future__ import annotations

__all__ = ("CAPITALS", "ELEMENTS", "FACTS", "PLANETS", "QUOTATIONS")

CAPITALS = """
Argentina: Buenos Aires
Australia: Canberra
Austria: Vienna
Bangladesh: Dhaka
Belgium: Brussels
Brazil: Brasília
Bulgaria: Sofia
Canada: Ottawa
Chile: Santiago
China: Beijing
Colombia: Bogotá
Croatia: Zagreb
Cuba: Havana
Czechia, the Czech Republic: Prague
Denmark: Copenhagen
Egypt: Cairo
England, the United Kingdom, Britain, Great Britain, the UK: London
Estonia: Tallinn
Ethiopia: Addis Ababa
Finland: Helsinki
France: Paris
Germany: Berlin
Greece: Athens
Hungary: Budapest
Iceland: Reykjavik
India: New Delhi
Indonesia: Jakarta
Iran: Tehran
Iraq: Baghdad
Ireland: Dublin
Israel: Jerusalem
Italy: Rome
Jamaica: Kingston
Japan: Tokyo
Kenya: Nairobi
Latvia: Riga
Lithuania: Vilnius
Malaysia: Kuala Lumpur
Mexico: Mexico City
Morocco: Rabat
Nepal: Kathmandu
the Netherlands, Holland: Amsterdam
New Zealand: Wellington
Nigeria: Abuja
Norway: Oslo
Pakistan: Islamabad
Peru: Lima
the Philippines: Manila
Poland: Warsaw
Portugal: Lisbon
Romania: Bucharest
Russia: Moscow
Saudi Arabia: Riyadh
Scotland: Edinburgh
Serbia: Belgrade
Singapore: Singapore
Slovakia: Bratislava
Slovenia: Ljubljana
South Korea, Korea: Seoul
Spain: Madrid
Sweden: Stockholm
Switzerland: Bern
Thailand: Bangkok
Tunisia: Tunis
Turkey: Ankara
Ukraine: Kyiv
the United States, America, the USA, the US: Washington, D.C.
Vietnam: Hanoi
Wales: Cardiff
California: Sacramento
Texas: Austin
New York State: Albany
Washington State: Olympia
Florida: Tallahassee
"""
"""Countries and states by their names, with their capitals."""

PLANETS = """
Mercury: 0 moons; the smallest planet and the closest to the sun
Venus: 0 moons; the hottest planet
Earth: 1 moon; our home
Mars: 2 moons; the red planet
Jupiter: more than 90 moons; the largest planet
Saturn: more than 270 moons; the planet with the brightest rings
Uranus: nearly 30 moons; an ice giant that lies on its side
Neptune: 16 moons; the farthest planet from the sun
"""
"""The planets from the sun outwards."""

ELEMENTS = """
1 H hydrogen
2 He helium
3 Li lithium
6 C carbon
7 N nitrogen
8 O oxygen
9 F fluorine
10 Ne neon
11 Na sodium
12 Mg magnesium
13 Al aluminum aluminium
14 Si silicon
15 P phosphorus
16 S sulfur sulphur
17 Cl chlorine
18 Ar argon
19 K potassium
20 Ca calcium
26 Fe iron
28 Ni nickel
29 Cu copper
30 Zn zinc
47 Ag silver
50 Sn tin
53 I iodine
74 W tungsten
78 Pt platinum
79 Au gold
80 Hg mercury
82 Pb lead
92 U uranium
"""
"""Chemical elements: atomic number, symbol, names."""

FACTS = """
planets solar|many: There are eight planets in the solar system.
planets name|list: The planets are Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus and Neptune.
planet largest|biggest: Jupiter is the largest planet of the solar system.
planet smallest: Mercury is the smallest planet of the solar system.
planet closest|nearest sun: Mercury is the planet closest to the sun.
planet farthest|furthest sun: Neptune is the planet farthest from the sun.
planet hottest: Venus is the hottest planet.
planet red: Mars is called the red planet.
planet rings: Saturn is known for its rings.
far|distance sun|earth|away sun: The sun is about 150 million kilometers, or 93 million miles, from Earth.
far|distance moon: The moon is about 384,400 kilometers, or 239,000 miles, from Earth.
hot|temperature sun: The surface of the sun is about 5,500 degrees Celsius hot.
big|large|diameter earth: Earth has a diameter of about 12,742 kilometers.
old earth: Earth is about four and a half billion years old.
old universe: The universe is about 13.8 billion years old.
long|take light sun reach|travel|get: Light takes about eight minutes and twenty seconds from the sun to Earth.
speed|fast light: Light travels at 299,792 kilometers a second.
speed|fast sound: Sound travels through air at about 343 meters a second.
first man|person|human moon: Neil Armstrong was the first person on the moon, in 1969.
first man|person|human space: Yuri Gagarin was the first person in space, in 1961.
first woman space: Valentina Tereshkova was the first woman in space, in 1963.
sky blue: The sky is blue because air scatters blue light more than red light.
grass|leaves green: Leaves are green because of chlorophyll, which reflects green light.
temperature water boil: Water boils at 100 degrees Celsius, or 212 degrees Fahrenheit, at sea level.
water boil: Water boils at 100 degrees Celsius, or 212 degrees Fahrenheit, at sea level.
water freeze: Water freezes at 0 degrees Celsius, or 32 degrees Fahrenheit.
water made|formula|chemical: Water is H2O: two atoms of hydrogen and one of oxygen.
salt made|formula|chemical: Table salt is sodium chloride, NaCl.
air made: Air is about 78 percent nitrogen and 21 percent oxygen.
photosynthesis: In photosynthesis plants turn light, water and carbon dioxide into sugar and oxygen.
gravity: Gravity is the force that pulls masses toward each other.
dna: DNA is the molecule that carries the genes of living things; it stands for deoxyribonucleic acid.
bones human|body|adult: An adult has 206 bones.
teeth human|adult|person: An adult has 32 teeth.
heart chambers: The human heart has four chambers.
largest|biggest organ: The skin is the largest organ of the body.
normal|body temperature human|body: A healthy body has about 37 degrees Celsius, or 98.6 degrees Fahrenheit.
largest|biggest animal: The blue whale is the largest animal.
fastest animal: The peregrine falcon is the fastest animal; on land it is the cheetah.
fastest land animal: The cheetah is the fastest land animal.
tallest animal: The giraffe is the tallest animal.
legs spider: A spider has eight legs.
legs insect|ant|bee: Insects have six legs.
hearts octopus: An octopus has three hearts.
king animals|jungle: The lion is called the king of the jungle.
largest|biggest ocean: The Pacific is the largest ocean.
oceans: There are five oceans: the Pacific, Atlantic, Indian, Southern and Arctic.
continents: There are seven continents: Africa, Antarctica, Asia, Australia, Europe, North America and South America.
largest|biggest continent: Asia is the largest continent.
largest|biggest country: Russia is the largest country by area.
smallest country: Vatican City is the smallest country.
populous|people|population country: India has the most people of all countries.
people|population world|earth: About eight billion people live on Earth.
highest|tallest mountain: Mount Everest is the highest mountain, at 8,849 meters.
tall|high everest: Mount Everest is 8,849 meters, or 29,032 feet, high.
longest river: The Nile is usually called the longest river.
largest|biggest desert: Antarctica is the largest desert; the largest hot one is the Sahara.
tallest|highest building: The Burj Khalifa in Dubai is the tallest building, at 828 meters.
where eiffel tower: The Eiffel Tower is in Paris.
tall|high eiffel tower: The Eiffel Tower is 330 meters high.
eiffel tower: The Eiffel Tower stands in Paris and is 330 meters high.
many states united|america|us|usa: The United States has fifty states.
first president united|us|america|usa states|us|america|usa: It was George Washington.
colors|colours rainbow: The colors of the rainbow are red, orange, yellow, green, blue, indigo and violet.
letters alphabet: The English alphabet has 26 letters.
value|number pi: Pi is about 3.14159.
pi: Pi is about 3.14159, the circumference of a circle divided by its diameter.
sides triangle: A triangle has three sides.
sides hexagon: A hexagon has six sides.
sides octagon: An octagon has eight sides.
degrees circle: A circle has 360 degrees.
prime number: A prime number can be divided only by one and by itself.
days february: February has 28 days, and 29 in a leap year.
days april|june|september|november: It has thirty days.
days january|march|may|july|august|october|december: It has 31 days.
days week: A week has seven days.
days leap year: A leap year has 366 days.
weeks year: A year has 52 weeks.
months year: A year has twelve months.
players soccer|football team: A soccer team has eleven players.
players basketball team: A basketball team has five players on the court.
strings guitar: A guitar has six strings.
keys piano: A piano has 88 keys.
wrote|author|writer hamlet: William Shakespeare wrote Hamlet.
wrote|author|writer romeo juliet: William Shakespeare wrote Romeo and Juliet.
wrote|author|writer macbeth: William Shakespeare wrote Macbeth.
wrote|author|writer sense sensibility: Jane Austen wrote Sense and Sensibility.
wrote|author|writer pride prejudice: Jane Austen wrote Pride and Prejudice.
wrote|author|writer moby: Herman Melville wrote Moby Dick.
wrote|author|writer war peace: Leo Tolstoy wrote War and Peace.
wrote|author|writer quixote: Miguel de Cervantes wrote Don Quixote.
wrote|author|writer oliver twist: Charles Dickens wrote Oliver Twist.
wrote|author|writer tale cities: Charles Dickens wrote A Tale of Two Cities.
wrote|author|writer odyssey: The Odyssey is ascribed to Homer.
wrote|author|writer frankenstein: Mary Shelley wrote Frankenstein.
wrote|author|writer alice wonderland: Lewis Carroll wrote Alice in Wonderland.
wrote|author|creator|created sherlock|holmes: Arthur Conan Doyle wrote the stories of Sherlock Holmes.
painted|painter mona lisa: Leonardo da Vinci painted the Mona Lisa.
painted|painter starry night: Vincent van Gogh painted The Starry Night.
composed|wrote|composer ninth|fifth symphony: Ludwig van Beethoven composed it, as one of his nine symphonies.
composed|wrote|composer magic flute: Wolfgang Amadeus Mozart composed The Magic Flute.
invented|inventor telephone|phone: Alexander Graham Bell patented the telephone in 1876.
invented|inventor light|lightbulb|bulb: Thomas Edison made the light bulb practical in 1879.
invented|inventor airplane|plane|aeroplane: The Wright brothers made the first powered flight in 1903.
invented|inventor web|internet: Tim Berners-Lee invented the World Wide Web in 1989.
invented|inventor printing press: Johannes Gutenberg invented the printing press with movable type around 1440.
invented|created|made python: Guido van Rossum created Python, first released in 1991.
discovered penicillin: Alexander Fleming discovered penicillin in 1928.
discovered radium: Marie and Pierre Curie discovered radium in 1898.
discovered america: Christopher Columbus reached America in 1492.
einstein albert|einstein: Albert Einstein was a physicist who found the theory of relativity.
newton isaac|newton: Isaac Newton was a physicist who described gravity and motion.
shakespeare william|shakespeare: William Shakespeare was an English poet who wrote Hamlet and Romeo and Juliet.
mozart wolfgang|amadeus|mozart: Wolfgang Amadeus Mozart was a composer from Salzburg.
atom: An atom is the smallest part of an element: a nucleus with electrons around it.
theory relativity: Albert Einstein published the theory of relativity, in 1905 and 1915.
theory evolution: Charles Darwin published the theory of evolution by natural selection in 1859.
world|second war end|over: The Second World War ended in 1945.
world|second war start|begin|began: The Second World War began in 1939.
first world war: The First World War lasted from 1914 to 1918.
berlin wall fall|fell|down|year: The Berlin Wall fell in 1989.
titanic sink|sank|sunk|year: The Titanic sank in 1912.
currency japan: The currency of Japan is the yen.
currency britain|england|uk|kingdom united|great|britain|england|uk: It is the pound sterling.
currency india: The currency of India is the rupee.
currency china: The currency of China is the yuan.
currency switzerland: The currency of Switzerland is the Swiss franc.
currency europe|france|germany|italy|spain: It is the euro.
currency united|us|usa|america states|us|usa|america: The currency of the United States is the dollar.
language brazil: Brazil speaks Portuguese.
language mexico|argentina: It is Spanish.
voice live: Voice Live is an Azure service for spoken conversations with models.
"""
"""Key words of the question, alternatives between bars, and the answer."""

QUOTATIONS = """
he might even have been made amiable himself: Sense and Sensibility, by Jane Austen
had he married a more amiable woman: Sense and Sensibility, by Jane Austen
it is a truth universally acknowledged: Pride and Prejudice, by Jane Austen
it was the best of times: A Tale of Two Cities, by Charles Dickens
call me ishmael: Moby Dick, by Herman Melville
to be or not to be: Hamlet, by William Shakespeare
all the world is a stage: As You Like It, by William Shakespeare
shall i compare thee to a summer day: a sonnet by William Shakespeare
happy families are all alike: Anna Karenina, by Leo Tolstoy
pieces of eight: Treasure Island, by Robert Louis Stevenson
four score and seven years ago: the Gettysburg Address, by Abraham Lincoln
"""
"""Famous lines and where they stand."""
