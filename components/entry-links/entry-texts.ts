/** The sentences for somebody with an entry link, who has no account and no list to look at. */
export const entryTexts: Readonly<Record<string, string>> = {
  not_valid:
    "It was used or revoked, it has expired, or it is incomplete. Ask the person who sent it for a new one.",
  rate_limited: "Too many attempts in the last minute. Nothing was stored. Try again in a minute.",
  unavailable: "Selvage is not available now. Nothing was stored. Try again in a moment.",
  quota_exceeded: "It cannot be stored: a limit of the fabric is reached. Tell the person who sent the link.",
  outcome_unknown:
    "It is not known whether it was stored. Open the link again: if it still works, it was not.",
  unexpected: "Something went wrong. Open the link again: if it still works, nothing was stored.",
  invalid: "Correct the marked fields.",
};
