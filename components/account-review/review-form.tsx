"use client";

import { type ReactNode, useState, useTransition } from "react";
import { errorText } from "@/components/form/error-texts";
import { FormError } from "@/components/form/form-error";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { RelativeTime } from "@/components/ui/relative-time";
import { decideReviewAction } from "@/lib/account-review/actions";
import type { AccountReview } from "@/lib/account-review/schema";
import { roleNames } from "@/lib/teams/schema";

/**
 * Everything that the account had, each with a checkbox. Only memberships are preselected: anything else
 * could let another person in.
 */
export function ReviewForm({ review }: { review: AccountReview }) {
  const { memberships, identities, sessions, accessTokens, hasPassword } = review;
  const teams = useChosen(memberships.map(({ teamId }) => teamId));
  const keptIdentities = useChosen([]);
  const keptSessions = useChosen([]);
  const keptTokens = useChosen([]);
  const [keepPassword, setKeepPassword] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [isPending, startTransition] = useTransition();

  const decide = () =>
    startTransition(async () => {
      const result = await decideReviewAction({
        keepPassword,
        teamIds: teams.ids,
        identityIds: keptIdentities.ids,
        sessionIds: keptSessions.ids,
        accessTokenIds: keptTokens.ids,
      }).catch(() => null);
      // The person already decided in another tab.
      if (result?.ok || result?.code === "not_found") window.location.assign("/metadata");
      else setError(errorText(result?.code ?? "outcome_unknown"));
    });

  return (
    <form
      className="flex flex-col gap-6"
      onSubmit={(event) => {
        event.preventDefault();
        decide();
      }}
    >
      <FormError error={error} />
      {memberships.length > 0 && (
        <Group title="Teams">
          {memberships.map(({ teamId, teamName, role, since }) => (
            <Checkbox
              key={teamId}
              label={teamName}
              hint={
                <>
                  {roleNames[role]}, joined <RelativeTime date={since} />
                </>
              }
              {...teams.box(teamId)}
            />
          ))}
        </Group>
      )}
      {hasPassword && (
        <Group title="Password">
          <Checkbox
            label="Keep the password"
            hint="Anyone who knows it can sign in as you. Keep it only if you set it yourself."
            checked={keepPassword}
            onChange={(event) => setKeepPassword(event.target.checked)}
          />
        </Group>
      )}
      {identities.length > 0 && (
        <Group title="Single sign-on">
          {identities.map(({ id, issuer, createdAt }) => (
            <Checkbox
              key={id}
              label={issuer}
              hint={
                <>
                  Linked <RelativeTime date={createdAt} />. It can sign in as you.
                </>
              }
              {...keptIdentities.box(id)}
            />
          ))}
        </Group>
      )}
      {sessions.length > 0 && (
        <Group title="Sessions">
          {sessions.map(({ id, createdAt, lastSeenAt }) => (
            <Checkbox
              key={id}
              label="Signed-in browser"
              hint={
                <>
                  Signed in <RelativeTime date={createdAt} />, last active <RelativeTime date={lastSeenAt} />
                </>
              }
              {...keptSessions.box(id)}
            />
          ))}
        </Group>
      )}
      {accessTokens.length > 0 && (
        <Group title="Access tokens">
          {accessTokens.map(({ id, name, createdAt, lastUsedAt }) => (
            <Checkbox
              key={id}
              label={name}
              hint={
                <>
                  Created <RelativeTime date={createdAt} />,{" "}
                  {lastUsedAt ? (
                    <>
                      last used <RelativeTime date={lastUsedAt} />
                    </>
                  ) : (
                    "never used"
                  )}
                </>
              }
              {...keptTokens.box(id)}
            />
          ))}
        </Group>
      )}
      <Button type="submit" variant="primary" className="w-full justify-center" isPending={isPending}>
        Keep selected and continue
      </Button>
    </form>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-3 break-words">
      <legend className="mb-2 font-semibold">{title}</legend>
      {children}
    </fieldset>
  );
}

function useChosen(initial: string[]) {
  const [ids, setIds] = useState(initial);
  const box = (id: string) => ({
    checked: ids.includes(id),
    onChange: () => setIds(ids.includes(id) ? ids.filter((chosen) => chosen !== id) : [...ids, id]),
  });
  return { ids, box };
}
