"""Pure: one rule that answers purchases, surveys and complaints, all of them from the fact."""

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    ComplaintOpened,
    Fact,
    Flag,
    Member,
    PurchaseRecorded,
    Rule,
    SurveyAnswered,
    hookimpl,
    on,
)


class SeveralTopics(Rule):
    """Points for whatever a member does with us."""

    name, stage = "several_topics", "earn"

    @on(PurchaseRecorded, SurveyAnswered)
    def thank(self, fact: Fact[PurchaseRecorded] | Fact[SurveyAnswered], member: Member) -> Answer:
        if isinstance(fact.data, SurveyAnswered):
            return Accrue(points=2 * len(fact.data.answers), reason=f"survey {fact.data.survey}")
        return Accrue(points=1, reason="purchase")

    @on(ComplaintOpened)
    def care(self, complaint: Fact[ComplaintOpened], member: Member) -> Answer:
        return [Accrue(points=20, reason="we are sorry"), Flag(flag="sorry", reason="said so in points")]


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SeveralTopics]
