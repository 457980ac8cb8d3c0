"""The texts of the scan app that its scripts put together, in one language at a time; whole screens stand in templates/scan/."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from relief.distributions.rules import Refusal
from relief.kernel.messages import N_
from relief.programmes.rules import Proof

_TEXTS: Mapping[str, str] = {
    "amount.money": N_("PKR %(amount)s"),
    "amount.item": N_("%(count)s × %(item)s"),
    "ago.now": N_("just now"),
    "ago.minutes": N_("%(count)s min ago"),
    "ago.hours": N_("%(count)s h ago"),
    "ago.days": N_("%(count)s days ago"),
    "instant": N_("%(day)s, %(time)s"),
    "unsent": N_("%(count)s saved on this phone, not yet sent"),
    "all_sent": N_("Everything is sent"),
    "last_sync": N_("Last sync %(ago)s"),
    "never_synced": N_("Never synced"),
    "roster_age": N_("List of families: %(ago)s"),
    "no_roster": N_("No list of families yet"),
    "syncing": N_("Sending and fetching …"),
    "synced": N_("Done. Everything is sent."),
    "not_synced": N_("The server cannot be reached. The records stay on this phone, and it tries again by itself."),
    "exported": N_("Saved as %(name)s."),
    "nothing_to_export": N_("Everything is sent: there is nothing to save."),
    "days": N_("%(first)s to %(last)s"),
    "sequence": N_("No. %(number)s, fetched %(ago)s"),
    "storage.kept": N_("The browser has promised to keep what this phone records. %(used)s of %(quota)s in use."),
    "storage.not_kept": N_(
        "The browser may clear what this phone records when storage runs short. %(used)s of %(quota)s in use."
    ),
    "storage.full_soon": N_(
        "The storage of this phone is nearly full: delete photos or videos now. %(used)s of %(quota)s in use."
    ),
    "storage.broken": N_(
        "The storage of this phone does not work. Restart the phone; if it happens again, tell your coordinator."
    ),
    "storage.evicted": N_("The browser has cleared the data of this app. Ask your coordinator for a new invitation."),
    "roster.expired": N_(
        "The list of families is older than 48 hours and can no longer be read. Connect to the network once to go on."
    ),
    "roster.none": N_("There is no list of families on this phone yet. Connect to the network once."),
    "device.revoked": N_(
        "This phone is no longer allowed to hand over. Give it back to your coordinator. Unsent records are still sent."
    ),
    "camera.off": N_("The camera is off."),
    "camera.starting": N_("The camera is starting …"),
    "camera.refused": N_(
        "The browser does not allow the camera. Allow it for this site in the settings, or type the digits."
    ),
    "camera.missing": N_("No camera was found. Use a hand scanner or type the digits."),
    "camera.busy": N_("Another app uses the camera. Close it and try again, or type the digits."),
    "camera.number": N_("Camera %(number)s"),
    "typed.wrong": N_("These digits do not fit together. Compare them with the paper."),
    "typed.length": N_("The code has 12 digits; %(count)s were typed."),
    "note.no_manifest": N_("This phone knows nothing yet. Connect to the network once."),
    "note.no_roster": N_(
        "This phone has no list of families now and cannot look up a typed code. Scan the square code, or connect once."
    ),
    "note.other_phone": N_("Another phone of this point shows this as given already."),
    "instalment": N_("Instalment %(number)s"),
    "proof.asked": N_("This campaign asks for: %(proof)s"),
    "proof.missing": N_("Say how the holder is known."),
    "answer.four": N_("The last four digits of the CNIC"),
    "answer.whole": N_("The whole CNIC number, 13 digits"),
    "answer.wrong": N_("Type the digits that were told."),
    "amount.wrong": N_("A whole number from 0 to %(most)s."),
    "amount.none": N_("Nothing is left to give. If the family gets nothing now, choose “Not given”."),
    "amount.of_item": N_("%(item)s handed over, of %(owed)s"),
    "amount.of_cash": N_("Cash handed over, of %(owed)s"),
    "proxy.wrong": N_("Say who collects, how related, and the last four digits of their CNIC."),
    "photo.missing": N_("Take the photo first."),
    "photo.failed": N_("The photo could not be taken."),
    "point.other": N_("The token is for point No. %(point)s."),
    "from": N_("From %(day)s on"),
    "not_saved": N_("It could not be saved on this phone. Give nothing. Free some storage and try again."),
    "not_noted": N_("This scan could not be noted: the storage of this phone is full."),
    "photo.too_large": N_("The photo is too large."),
    "storage.full": N_("The storage of this phone is full. Free some and try again."),
    "undone": N_("Undone. Nothing counts as given."),
    "reason.missing": N_("Say why."),
    "undo.refused": N_("It can no longer be undone here. Tell your coordinator."),
    "event.hand_over": N_("Handed over"),
    "event.undone": N_("Undone"),
    "event.scan": N_("Not given"),
    "event.waiting": N_("saved, not yet sent"),
    "event.sent": N_("sent"),
    "event.conflict": N_("Sent. It conflicts with an earlier hand-over; the coordinator decides."),
    "event.rejected": N_("Sent, and refused by the server. Tell your coordinator."),
    "pages.count": N_("Code %(page)s of %(pages)s"),
    "pages.picture": N_("Square code %(page)s of %(pages)s for another phone"),
    "pages.read": N_("Code %(page)s of %(pages)s of %(device)s is read."),
    "pages.whole": N_("Everything of %(device)s is read."),
    "page.own": N_("This is a code of this phone itself."),
    "page.unknown_device": N_("This is not a code of a phone of this point."),
    "page.forged": N_("This code is not genuine: it was not signed by a phone of this point."),
    "page.damaged": N_("This code could not be read. Hold it steady and closer."),
    "update": N_("A new version of the app is ready: see the settings."),
    "pin.too_short": N_("The PIN needs at least six digits."),
    "pin.simple": N_("This PIN is too easy to guess."),
    "pin.differs": N_("The two PINs differ."),
    "pin.wrong": N_(
        "Wrong PIN. Tries left: %(count)s. After that the list of families on this phone is made unreadable."
    ),
    "label.missing": N_("Give this phone a name."),
    "email.missing": N_("Type your e-mail address."),
    "password.missing": N_("Type your password."),
    "network.none": N_("The server cannot be reached. Look for a better signal and try again."),
    "network.foreign": N_(
        "Something else than the server answered: perhaps the sign-in page of a hotspot. Open it in the browser first."
    ),
    "server.failed": N_("The server had a fault. The phone tries again by itself."),
    "not_an_invitation": N_("This is not an invitation for a phone."),
    "failed": N_("It did not work. Try again; if it happens once more, tell your coordinator."),
}


def scan_texts() -> dict[str, object]:
    """Return the texts in the language in hand: `texts` by name with their placeholders, `proofs` and `refusals` by value."""
    return {
        "texts": {name: str(_(text)) for name, text in _TEXTS.items()},
        "proofs": {proof.value: str(_(proof.label)) for proof in Proof},
        "refusals": {refusal.value: str(_(refusal.message)) for refusal in Refusal},
    }
