"""Money in minor units, points, and every named rounding: all arithmetic on units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import (
    MAX_EMAX,
    MAX_PREC,
    MIN_EMIN,
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    InvalidOperation,
)
from fractions import Fraction
from math import lcm
from typing import Literal

from .errors import FactError

INT64_MAX = 2**63 - 1
MOST = 10**15
"""The largest amount or number of points of one fact: no sum over a real history passes 2^63."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)  # whatever the thread's own context is

Rounding = Literal["down", "half-up", "up"]
ROUNDINGS: dict[str, str] = {"down": ROUND_DOWN, "half-up": ROUND_HALF_UP, "up": ROUND_UP}

# ISO 4217, the currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW "
    "KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
    "NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS "
    "VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG "
    # Withdrawn, and still in histories.
    "ANG BGN BYR CUC EEK HRK LTL LVL MRO SKK SLL STD VEF ZMK ZWL "
)
_CURRENCIES = frozenset(_CODES.split())
"""ISO 4217: what an amount may be in."""


def check_currency(code: str) -> None:
    """Refuse what is no currency.

    Raises:
        FactError: ISO 4217 has no such code.
    """
    if code not in _CURRENCIES:
        raise FactError(
            f"no such currency: {code!r}", code="unknown-currency", hint="use an ISO 4217 code such as EUR"
        )


def decimals(currency: str) -> int:
    """Return how many decimals *currency* has (ISO 4217).

    >>> decimals("USD"), decimals("JPY"), decimals("KWD")
    (2, 0, 3)
    """
    return _EXPONENTS.get(currency, 2)


def rounded(number: Decimal, rounding: Rounding) -> int:
    """Return *number* as a whole number, rounded as named.

    >>> [rounded(Decimal("2.5"), named) for named in ("down", "half-up", "up")]
    [2, 3, 3]
    >>> [rounded(Decimal("-2.5"), named) for named in ("down", "half-up", "up")]
    [-2, -3, -3]
    """
    return int(number.to_integral_value(rounding=ROUNDINGS[rounding], context=_EXACT))


def divided(above: int, below: int, rounding: Rounding) -> int:
    """Return above / below as a whole number, rounded as named, away from zero for "up". *below* > 0.

    >>> [divided(5, 2, named) for named in ("down", "half-up", "up")]
    [2, 3, 3]
    """
    whole, rest = divmod(abs(above), below)
    if (rounding == "up" and rest) or (rounding == "half-up" and 2 * rest >= below):
        whole += 1
    return -whole if above < 0 else whole


def minor_units(text: str | int | Decimal, currency: str) -> int:
    """Return a decimal amount of *currency* as minor units, exactly.

    Args:
        text: Major units: "12.34", 12 or Decimal("12.34").
        currency: ISO 4217 code.

    Raises:
        FactError: not a finite decimal, more decimals than the currency has, or beyond 10^15.

    >>> minor_units("12.34", "USD"), minor_units("500", "JPY")
    (1234, 500)
    """
    try:
        amount = Decimal(text if not isinstance(text, str) or _NUMBER.fullmatch(text) else "NaN")
    except (InvalidOperation, ValueError):
        amount = Decimal("NaN")
    if not amount.is_finite() or isinstance(text, bool):
        raise FactError(
            f"amount is no decimal number: {str(text)!r}", code="not-a-number", hint='write it as "12.34"'
        )
    if amount.adjusted() > 15:
        raise FactError(f"amount is beyond 10^15 minor units: {str(text)!r}", code="out-of-range")
    minor = amount.scaleb(decimals(currency), _EXACT)
    if minor != minor.to_integral_value(context=_EXACT):
        raise FactError(
            f"{currency} has {decimals(currency)} decimals, but the amount is {str(text)!r}",
            code="too-many-decimals",
            hint="round it before it enters, or name a rounding in the mapping",
        )
    if minor.copy_abs() > MOST:
        raise FactError(f"amount is beyond 10^15 minor units: {str(text)!r}", code="out-of-range")
    return int(minor)


def money_text(minor: int, currency: str) -> str:
    """Return minor units as people write them.

    >>> money_text(459603958, "USD"), money_text(-5, "USD"), money_text(500, "JPY")
    ('$4,596,039.58', '-$0.05', 'JPY 500')
    """
    places = decimals(currency)
    whole, part = divmod(abs(minor), 10**places)
    digits = f"{whole:,}.{part:0{places}d}" if places else f"{whole:,}"
    sign = "-" if minor < 0 else ""
    return f"{sign}${digits}" if currency == "USD" else f"{sign}{currency} {digits}"


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Split *total* by *weights* with the largest-remainder method, ties to the earlier line.

    The parts always sum to *total*. All-zero weights give everything to the first.

    >>> shares(100, [1, 1, 1])
    [34, 33, 33]
    """
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def whole_weights(weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Return exact weights as whole numbers in the same proportion, as near as such numbers can be.

    >>> whole_weights([Fraction(1, 2), Fraction(1, 3), Fraction(-1)])
    (3, 2, 0)
    """
    denominator = lcm(*(weight.denominator for weight in weights))
    scaled = [max(int(weight * denominator), 0) for weight in weights]
    less = max(scaled, default=0) // MOST + 1
    return tuple(weight // less for weight in scaled)
