"""Nicknames, clubs, places and titles, as awkward as the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gomafia_kit.demo._dice import Dice


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


NAMESAKE: Final = "PELIMENI"
"""Two people bear it, and sit in one tournament."""

# Escapes where an editor would hide or normalise the difference.
AWKWARD: Final = (
    NAMESAKE,
    NAMESAKE,
    "\u0401жик",  # Ё in one character
    "\u0415\u0308жик",  # Ё as Е and a diaeresis
    "Добры\u0439",
    "Добры\u0438\u0306",
    "Foxy",
    "foxy",
    "FOXY",
    "<script>alert('x')</script>",
    "</script><b>жирный</b>",
    'Кот "Бегемот"',
    "O'Neil",
    "Mr. Smith, Jr.",
    "[Скобки] (круглые) {фигурные}",
    "🦊 Лис 🦊",
    "👨‍👩‍👧 Семья",
    "C\u0430ша",  # Latin C, Cyrillic а
    "Саша",
    "Алиса",
    "Алиса",
    "A & B; C",
    "&lt;b&gt;",
    "null",
    "None",
    "0",
    "007",
    "-1",
    "NaN",
    "=1+1",
    "Robert'); DROP TABLE player;--",
    "back\\slash \\N",
    "%s %d {0} ${x}",
    "Дон",
    "Мир",
    "Победа мафии",
    "Стол 1, судья",
    "Тур 1",
    "два  пробела",
    "неразрывный\u00a0пробел",
    "zero\u200bwidth",
    "עברית",
    "名無し",
    "Ольга-Мария",
    "it’s «ёлочки»",
    "`back` ‘quotes’",
    "tab_и_подчёрк",
    "a/b?c=d#e",
    "<!-- -->",
    "ﬁnal",  # a ligature: changes under compatibility normalisation
    "I\u0307stanbul",
    "straße",
    "Очень длинный никнейм, который занимает почти всю строку таблицы рейтинга",
)

_STEMS: Final = words(
    "Ва До Зи Ку Ла Ми Не Ор Пе Ри Со То Фе Ша Эл Яр Бе Га Жу Ко Лю Ма На Па Ро Си Те Ур Хо "
    "Че Da Fo Ga Ke La Mi No Ra Si To Vi Za"
)
_MIDDLES: Final = {
    False: words("ра ни ло ме та го ки са ве ду ли по ж ры ст мо рь ца хи фа"),
    True: words("ra ni lo me ta go ki sa ve du li po x ry st mo ze ca hi fa"),
}
_ENDS: Final = {
    False: words("н р ка ша ня ст та рин дон тик лис ман вик ход ёк ей ц"),
    True: words("n r ka sha nya st ta rin don tik lis man vik er ix o"),
}

FIRST_NAMES: Final = words("Анна Мария Олег Иван Пётр Елена Ольга Денис Артём Алёна Юлия Роман Игорь Вера Максим София")
LAST_STEMS: Final = words("Иван Петр Смирн Кузнец Волк Орл Мороз Павл Фёдор Сокол Степан Козл Новик Макар Егор Пчёлк")


def nickname(dice: Dice, taken: set[str]) -> str:
    """A nickname that nobody bears yet; it becomes taken."""
    while True:
        stem = dice.pick(_STEMS)
        latin = stem < "\u0100"
        name = stem + "".join(dice.pick(_MIDDLES[latin]) for _ in range(dice.between(0, 2)))
        name = _decorated(dice, name + dice.pick(_ENDS[latin]))
        if name not in taken:
            taken.add(name)
            return name


def _decorated(dice: Dice, name: str) -> str:
    looks = (
        (name.upper(), 0.06),
        (name.lower(), 0.06),
        (f"{name} {dice.pick(FIRST_NAMES)}", 0.05),
        (f"Mr. {name}", 0.03),
        (f"{name}{dice.between(1, 99)}", 0.03),
        (f"{dice.pick(('🦊', '🐺', '🔥', '👑', '🎭'))}{name}", 0.02),
        (name, 0.75),
    )
    return dice.weighted(looks)


def real_name(dice: Dice) -> tuple[str, str]:
    """A first and a last name."""
    first = dice.pick(FIRST_NAMES)
    return first, dice.pick(LAST_STEMS) + ("ова" if first[-1] in "ая" else "ов")


@dataclass(frozen=True, slots=True)
class Place:
    """A city as the site's JSON names it and as it shows it."""

    country: str
    country_shown: str
    city: str
    city_shown: str
    region: str | None


def _russian(region: str, *cities: tuple[str, str]) -> tuple[Place, ...]:
    return tuple(Place("russia", "Россия", code, shown, region) for code, shown in cities)


PLACES: Final = (
    *_russian("central", ("moscow", "Москва"), ("tula", "Тула"), ("ryazan", "Рязань")),
    *_russian("south", ("krasnodar", "Краснодар"), ("rostov_on_don", "Ростов-на-Дону"), ("sochi", "Сочи")),
    *_russian("volga_region", ("kazan", "Казань"), ("samara", "Самара"), ("ufa", "Уфа")),
    *_russian(
        "siberia_and_ural",
        ("yekaterinburg", "Екатеринбург"),
        ("novosibirsk", "Новосибирск"),
        ("orel_river", "Орёл-на-Оби"),
    ),
    *_russian("north", ("saint_petersburg", "Санкт-Петербург"), ("murmansk", "Мурманск")),
    *_russian("chernozem_region", ("voronezh", "Воронеж"), ("lipetsk", "Липецк")),
    *_russian("far_east", ("vladivostok", "Владивосток"), ("khabarovsk", "Хабаровск")),
    Place("belarus", "Беларусь", "minsk", "Минск", None),
    Place("kazakhstan", "Казахстан", "almaty", "Алматы", None),
    Place("armenia", "Армения", "yerevan", "Ереван", None),
    Place("germany", "Германия", "koln", "Кёльн", None),
)
"""All cities; those without a region are outside the seven."""

_CLUB_FIRST: Final = words("Чёрный Белый Красный Тихий Ночной Северный Южный Старый Новый Вольный Золотой Полночный")
_CLUB_SECOND: Final = words("Дон Город Шериф Кот Волк Круг Стол Дом Клуб Туз Феникс Ворон Маяк Якорь Хутор Совет")
AWKWARD_CLUBS: Final = ('"Омерта" & Ко', "Мафия <3", "Клуб «Ёж», г. Орёл", "Cosa Nostra", "Дон")


def club_title(dice: Dice, number: int, place: Place) -> str:
    """A club's name; the first ones are awkward, and a few clubs are namesakes too."""
    if number < len(AWKWARD_CLUBS):
        return AWKWARD_CLUBS[number]
    title = f"{dice.pick(_CLUB_FIRST)} {dice.pick(_CLUB_SECOND)}"
    return title if dice.chance(0.5) else f"{title} ({place.city_shown})"


_CUPS: Final = ("Кубок", "Чемпионат", "Турнир", "Открытый кубок", "Гран-при", "Mafia Cup", "Ночь мафии:")
AWKWARD_TOURNAMENTS: Final = (
    "Кубок <b>города</b> & «Ёлка»",
    "VII турнир памяти O'Neil, часть 2/3",
    "Mini-турнир 🎄 2349",
    "Кубок №1: 5 звёзд",
)


def tournament_title(dice: Dice, number: int, place: Place, year: int) -> str:
    """A tournament's name; the first ones are awkward."""
    if number < len(AWKWARD_TOURNAMENTS):
        return AWKWARD_TOURNAMENTS[number]
    return f"{dice.pick(_CUPS)} {place.city_shown} {year}"
