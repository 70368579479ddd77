"""A fact in a few words, past tense, as one person tells another what a member did.

The words are made of the stored JSON alone, so that facts of a plugin that is gone can be read as well: a
type nobody has words for is told by its name and its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, json

from ..units import money_text
from .typesetting import counted, listed

Fields = Mapping[str, Any]


class Told(Struct):
    """A stored fact, its data as plain JSON."""

    id: str
    source: str
    time: str
    data: dict[str, Any]
    subject: str = ""
    actor: str | None = None


told = json.Decoder(Told).decode


def in_words(topic: str, data: Fields) -> str:
    """Return what a fact says.

    >>> in_words("purchase.recorded", {"currency": "EUR", "amount_minor": 2780, "order": "R-1"})
    'bought for EUR 27.80, order R-1'
    """
    words = _WORDS.get(topic)
    return words(data) if words else _plainly(topic, data)


def about(topic: str, subject: str, data: Fields, member: str) -> str:
    """Return what a fact says on the page of *member*: another's fact begins with the other's name."""
    words = in_words(topic, data)
    return words if subject == member else f"{subject}: {words}"


def _plainly(topic: str, data: Fields) -> str:
    parts = [f"{name.replace('_', ' ')} {_plain(value)}" for name, value in data.items() if _says(value)]
    words = topic.replace(".", " ").replace("_", " ")
    return f"{words}: {', '.join(parts)}" if parts else words


def _says(value: Any) -> bool:
    return value not in (None, "", [], {})


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return f"({len(value)})"
    if isinstance(value, dict):
        return listed(f"{name} {_plain(inner)}" for name, inner in value.items())
    return str(value)


def _money(data: Fields, name: str) -> str:
    currency = data.get("currency")
    return f"{data[name]:,} minor units" if currency is None else money_text(data[name], currency)


def _more(data: Fields, *templates: tuple[str, str]) -> str:
    """Return the parts whose field is there: a field's name and a template for its value."""
    return "".join(
        template.format(_plain(data[name])) for name, template in templates if _says(data.get(name))
    )


def _bought(data: Fields) -> str:
    lines = f", {counted(len(data['lines']), 'line')}" if data.get("lines") else ""
    return f"bought for {_money(data, 'amount_minor')}{_more(data, ('order', ', order {}'))}{lines}"


def _returned(data: Fields) -> str:
    if data.get("lines"):
        parts = [
            f"line {line['line']}"
            + (f" ({_money({**data, **line}, 'amount_minor')})" if "amount_minor" in line else "")
            for line in data["lines"]
        ]
        what = listed(parts)
    elif "amount_minor" in data:
        what = _money(data, "amount_minor")
    elif "share_bps" in data:
        what = f"{Decimal(data['share_bps']).scaleb(-2).normalize():f} %"
    else:
        what = "all"
    return f"returned {what} of order {data['order']}{_more(data, ('reason', ': {}'))}"


def _adjusted(data: Fields) -> str:
    points = data["points"]
    verb = "was given" if points > 0 else "lost"
    rest = _more(data, ("reason", ": {}"), ("approver", ", approved by {}"))
    return f"{verb} {counted(abs(points), 'point')} by hand{rest}"


def _issued(data: Fields) -> str:
    price = f" for {counted(data['points'], 'point')}" if data.get("points") else ""
    worth = f", worth {_money(data, 'value_minor')}" if data.get("value_minor") else ""
    until = f", good until {data['expires'][:10]}" if data.get("expires") else ""
    return f"got reward {data['reward']}, {data['kind']}{price}{worth}{until}"


def _opened(data: Fields) -> str:
    lots = data["lots"]
    points = sum(lot["points"] for lot in lots)
    debt = f", with a debt of {data['debt']:,}" if data.get("debt") else ""
    return f"brought {counted(points, 'point')}{_more(data, ('system', ' from {}'))}{debt}"


def _complained(data: Fields) -> str:
    public = " in public" if data.get("is_public") else ""
    rest = _more(data, ("order", ", order {}"), ("channel", ", by {}"), ("store", ", at {}"))
    return f"complained{public}: {data['complaint']}, {data['category']}{rest}"


def _resolved(data: Fields) -> str:
    cost = f" for {_money(data, 'cost_minor')}" if data.get("cost_minor") else ""
    remedy = "without a remedy" if data["remedy"] == "none" else f"by {data['remedy']}{cost}"
    return f"complaint {data['complaint']} resolved {remedy}{_more(data, ('points', ', {} points'))}"


def _preferred(data: Fields) -> str:
    if data.get("do_not_contact"):
        return "wants no contact"
    channels = f"prefers {listed(data['channels'])}" if data.get("channels") else "stated a preference"
    return channels + _more(data, ("language", ", language {}"))


def _pattern(template: str, *more: tuple[str, str]) -> Callable[[Fields], str]:
    return lambda data: template.format_map(data) + _more(data, *more)


_STAFF = ("staff", ", by {}")
_WHY = ("reason", ": {}")
_WORDS: dict[str, Callable[[Fields], str]] = {
    "member.enrolled": _pattern("enrolled", ("channel", " by {}"), ("store", " at {}"),
                                ("referrer", ", referred by {}")),
    "member.left": _pattern("left: {reason}"),
    "members.merged": _pattern("took over {absorbed}, the same person", _WHY),
    "members.unmerged": _pattern("is not {absorbed} after all", _WHY),
    "member.set_aside": _pattern("set aside because of rule {rule}: {reason}"),
    "balance.opened": _opened,
    "purchase.recorded": _bought,
    "purchase.returned": _returned,
    "points.redeemed": lambda data: f"spent {counted(data['points'], 'point')}"
                                    + _more(data, ("order", " on order {}")),
    "redemption.cancelled": _pattern("cancelled the redemption for order {order}", _WHY),
    "points.adjusted": _adjusted,
    "points.transferred": _pattern("gave {points} points to {to}", _WHY),
    "reward.issued": _issued,
    "reward.redeemed": _pattern("used reward {reward}", ("order", " for order {}")),
    "reward.cancelled": _pattern("reward {reward} cancelled", _WHY),
    "gift.given": _pattern("was given {gift}", ("occasion", " for {}")),
    "referral.asked": _pattern("was asked to recommend us", ("channel", ", by {}")),
    "referral.made": _pattern("referred {referred}", ("channel", ", by {}"), ("relation", ", {}")),
    "recommendation.stated": _pattern("would recommend us: {likelihood}"),
    "complaint.opened": _complained,
    "complaint.acknowledged": _pattern("complaint {complaint} acknowledged", _STAFF),
    "complaint.explained": _pattern("complaint {complaint} explained", ("cause", ": {}"), _STAFF),
    "complaint.resolved": _resolved,
    "complaint.followed_up": _pattern("complaint {complaint} followed up: satisfaction {satisfaction} of 5"),
    "complaint.reopened": _pattern("complaint {complaint} reopened", _WHY),
    "improvement.made": _pattern("complaint {complaint} led to an improvement: {improvement}"),
    "survey.answered": lambda data: f"answered survey {data['survey']}: "
                                    + counted(len(data["answers"]), "answer"),
    "feedback.received": _pattern("gave feedback {feedback}: {kind}"),
    "feedback.answered": _pattern("feedback {feedback} answered", ("action", ": {}")),
    "contact.recorded": _pattern("{direction} contact by {channel}", ("purpose", ", {}"),
                                 ("contact_topic", ", about {}")),
    "interest.declared": _pattern("interested in {interest}"),
    "preference.stated": _preferred,
    "action.done": _pattern("done: {action}", ("outcome", ", {}"), _STAFF),
    "activity.recorded": _pattern("{activity}", ("quantity", ", {} times")),
    "score.recorded": _pattern("scored {score} by model {model} {version}"),
    "promise.made": lambda data: f"was promised {data['promise']} until {data['due'][:10]}",
    "promise.kept": _pattern("promise {promise} kept"),
    "fact.retracted": _pattern("fact {retracted} retracted", _WHY, ("approver", ", approved by {}")),
}  # fmt: skip
