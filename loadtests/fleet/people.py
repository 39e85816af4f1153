"""Ordinary Swedish first names, last names and streets, from which residents are invented."""

from __future__ import annotations

from typing import Final

FIRST: Final = (
    "Karin", "Anna", "Eva", "Maria", "Kerstin", "Birgitta", "Inger", "Ulla", "Gunilla", "Margareta", "Ingrid", "Barbro",
    "Siv", "Berit", "Elsa", "Astrid", "Gun", "Maj-Britt", "Rut", "Solveig", "Lars", "Anders", "Per", "Karl", "Nils", "Sven",
    "Bengt", "Bo", "Gunnar", "Åke", "Rolf", "Göran", "Stig", "Arne", "Erik", "Olle", "Hans", "Lennart", "Kjell", "Ragnar",
)  # fmt: skip

LAST: Final = (
    "Svensson", "Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Larsson", "Olsson", "Persson", "Gustafsson",
    "Pettersson", "Jonsson", "Lindberg", "Lindström", "Axelsson", "Bergström", "Lundgren", "Berglund", "Fredriksson",
    "Sandberg",
)  # fmt: skip

STREETS: Final = (
    "Storgatan", "Kyrkogatan", "Parkgatan", "Skolgatan", "Ringgatan", "Björkvägen", "Lindgatan", "Åkergatan", "Ängsgatan",
    "Stationsgatan",
)  # fmt: skip
