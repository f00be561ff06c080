"""Laws I11 and I14: what was told again came out the same, and the journal that tells it is whole.

Both compare what others found: hashes of states, and what was read from each segment of a journal.
"""

from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import Rerun, Segment
from arbitrage_core.laws.violation import Violation

REPLAY, JOURNAL = "I11", "I14"


def same_again(reruns: tuple[Rerun, ...]) -> list[Violation]:
    """I11: the same rows leave the same state. An empty hash is no proof."""
    return [
        Violation(REPLAY, f"state hash after {rerun.of}", rerun.expected_hash, rerun.observed_hash)
        for rerun in reruns
        if not rerun.expected_hash or rerun.expected_hash != rerun.observed_hash
    ]


def unbroken(segments: tuple[Segment, ...], rows: int | None, ended: bool) -> list[Violation]:
    """I14: segments are numbered from 0, each begins where the last one ended, with the checksum of its bytes; all but
    the last are sealed, at the session's end that one too; `rows`, if known, are as many as were handed over."""
    found = []
    sequence = segments[0].first_sequence if segments else 0
    if segments and sequence not in (0, 1):
        found.append(Violation(JOURNAL, "segment 0: first sequence", "0 or 1", sequence))
    for number, segment in enumerate(segments):
        subject = f"segment {segment.number}"
        if segment.number != number:
            found.append(Violation(JOURNAL, f"{subject}: number", number, segment.number))
        if segment.first_sequence != sequence:
            found.append(Violation(JOURNAL, f"{subject}: first sequence", sequence, segment.first_sequence))
        if not segment.stored_checksum or segment.stored_checksum != segment.computed_checksum:
            found.append(Violation(JOURNAL, f"{subject}: checksum", segment.stored_checksum, segment.computed_checksum))
        if not segment.sealed and (ended or number < len(segments) - 1):
            found.append(Violation(JOURNAL, f"{subject}: sealed", True, False))
        if segment.rows < 0:
            found.append(Violation(JOURNAL, f"{subject}: rows", "not negative", segment.rows))
        sequence = segment.first_sequence + segment.rows
    held = sum(segment.rows for segment in segments)
    if rows is not None and held != rows:
        found.append(Violation(JOURNAL, "rows in all segments", rows, held))
    return found


def log_reruns(case: Case) -> list[Violation]:
    """I11 of the hashes given."""
    return same_again(case.evidence.reruns)


def log_journal(case: Case) -> list[Violation]:
    """I14 of the segments given; nothing when none are."""
    evidence = case.evidence
    if evidence.segments is None:
        return []
    return unbroken(evidence.segments, evidence.journal_rows, evidence.ended)
