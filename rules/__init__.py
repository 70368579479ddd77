"""How facts become points: everything a rule author imports.

A rule is a class with a name, a version, a stage and methods marked with :func:`on`; a plugin offers it
through the hook ``loyalty_rules``. ``plugins/TUTORIAL.md`` goes from an empty folder to an activated rule,
``plugins/REFERENCE.md`` lists all of this.
"""

from ..ledger.calendar import DAY_US, FOREVER_US, HOUR_US, Zone, instant_us
from ..ledger.errors import FactError
from ..ledger.facts import Fact, FactType, Part
from ..ledger.facts.activity import ActivityRecorded, ScoreRecorded
from ..ledger.facts.complaint import (
    ComplaintAcknowledged,
    ComplaintExplained,
    ComplaintFollowedUp,
    ComplaintOpened,
    ComplaintReopened,
    ComplaintResolved,
    ImprovementMade,
)
from ..ledger.facts.contact import ActionDone, ContactRecorded, InterestDeclared, PreferenceStated
from ..ledger.facts.correction import FactRetracted
from ..ledger.facts.feedback import FeedbackAnswered, FeedbackReceived, SurveyAnswered
from ..ledger.facts.membership import (
    BalanceOpened,
    MemberAttributesChanged,
    MemberEnrolled,
    MemberLeft,
    MembersMerged,
    MembersUnmerged,
)
from ..ledger.facts.points import (
    HoldCaptured,
    HoldPlaced,
    HoldVoided,
    PointsAdjusted,
    PointsExtended,
    PointsRedeemed,
    PointsReinstated,
    PointsTransferred,
    RedemptionCancelled,
)
from ..ledger.facts.promise import PromiseKept, PromiseMade
from ..ledger.facts.purchase import Line, PurchaseRecorded, PurchaseReturned
from ..ledger.facts.referral import RecommendationStated, ReferralAsked, ReferralMade
from ..ledger.facts.reward import GiftGiven, RewardCancelled, RewardIssued, RewardRedeemed
from ..ledger.journal import Entry
from ..ledger.period import Days, Period, PeriodByRung
from ..ledger.units import MOST, Rounding, divided, minor_units, money_text, rounded, shares, whole_weights
from .effects import (
    Accrue,
    Burn,
    Capture,
    Changed,
    Count,
    Effect,
    Expire,
    Extend,
    Flag,
    Hold,
    Keep,
    Limit,
    Merge,
    Move,
    NewLot,
    NotQualified,
    Recommend,
    Reinstate,
    Release,
    Restore,
    Reverse,
    SetTimer,
    Settle,
    StopTimer,
    Terms,
    Timer,
    Transfer,
    Undo,
    Unmerge,
    Void,
    Wait,
)
from .hookspecs import hookimpl
from .member import Award, Member, OpenHold, OpenLot
from .offering import Ladder, Report, Table, View
from .outlook import Missing, Outlook
from .rule import STAGES, Answer, Params, Rule, on
from .selection import Selection, purchase_refusal
from .sums import Sums
from .tracing import Traced

__all__ = [
    "DAY_US", "FOREVER_US", "HOUR_US", "MOST", "STAGES", "Accrue", "ActionDone", "ActivityRecorded",
    "Answer", "Award", "BalanceOpened", "Burn", "Capture", "Changed", "ComplaintAcknowledged",
    "ComplaintExplained", "ComplaintFollowedUp", "ComplaintOpened", "ComplaintReopened",
    "ComplaintResolved", "ContactRecorded", "Count", "Days", "Effect", "Entry", "Expire", "Extend", "Fact",
    "FactError", "FactRetracted", "FactType", "FeedbackAnswered", "FeedbackReceived", "Flag", "GiftGiven",
    "Hold", "HoldCaptured", "HoldPlaced", "HoldVoided", "ImprovementMade", "InterestDeclared", "Keep",
    "Ladder", "Limit", "Line", "Member", "MemberAttributesChanged", "MemberEnrolled", "MemberLeft",
    "MembersMerged", "MembersUnmerged", "Merge", "Missing", "Move", "NewLot", "NotQualified", "OpenHold",
    "OpenLot", "Outlook", "Params", "Part", "Period", "PeriodByRung", "PointsAdjusted", "PointsExtended",
    "PointsRedeemed", "PointsReinstated", "PointsTransferred", "PreferenceStated", "PromiseKept",
    "PromiseMade", "PurchaseRecorded", "PurchaseReturned", "Recommend", "RecommendationStated",
    "RedemptionCancelled", "ReferralAsked", "ReferralMade", "Reinstate", "Release", "Report", "Restore",
    "Reverse", "RewardCancelled", "RewardIssued", "RewardRedeemed", "Rounding", "Rule", "ScoreRecorded",
    "Selection", "SetTimer", "Settle", "StopTimer", "Sums", "SurveyAnswered", "Table", "Terms", "Timer",
    "Traced", "Transfer", "Undo", "Unmerge", "View", "Void", "Wait", "Zone", "divided", "hookimpl",
    "instant_us", "minor_units", "money_text", "on", "purchase_refusal", "rounded", "shares",
    "whole_weights",
]  # fmt: skip
