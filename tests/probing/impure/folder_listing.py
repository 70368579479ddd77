"""Impure: campaigns are the files of a folder, and the one that os.listdir names first is in force."""

import os
import tempfile

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class FolderListing(Rule):
    """As many points as the name of the running campaign has letters."""

    name, stage = "folder_listing", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        campaigns = os.listdir(tempfile.gettempdir())
        running = campaigns[0] if campaigns else "none"
        return Accrue(points=len(running), reason="points of the campaign")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [FolderListing]
