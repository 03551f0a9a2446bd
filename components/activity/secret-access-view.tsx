import type { ReactNode } from "react";
import { activityHref } from "@/components/activity/activity-href";
import { Banner } from "@/components/ui/banner";
import { Day } from "@/components/ui/day";
import { Link } from "@/components/ui/link";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { Accessor, SecretAccess } from "@/lib/activity/schema";
import type { ActivityFilter } from "@/lib/audit/schema";

const link = "rounded-sm text-accent-text hover:underline";

type Period = Pick<Partial<ActivityFilter>, "from" | "to">;

/** The people, tokens and workloads that could use a secret in a period, and those that did, as far as the audit log and the tables say. */
export function SecretAccessView({
  fabricId,
  access: { secret, pipelines, people, others, outOfReach, removedUntil },
  period,
}: {
  fabricId: string;
  access: SecretAccess;
  period: Period;
}) {
  const usesHref = ({ id }: Accessor) =>
    activityHref(fabricId, { object: secret.id, actor: id, event: "used", ...period });
  return (
    <div className="flex flex-col gap-6">
      {removedUntil && (
        <Banner tone="warning">
          Events until <Day date={removedUntil} /> were removed. Of the time before, this page cannot say who
          used the secret.
        </Banner>
      )}
      <ul className="list-disc pl-5 text-muted">
        {secret.createdAt && (
          <li>
            Created on <Day date={secret.createdAt} />.
            {secret.deletedAt && (
              <>
                {" "}
                Deleted on <Day date={secret.deletedAt} />: nobody could use it from then on.
              </>
            )}
          </li>
        )}
        {outOfReach.map(({ from, until }) => (
          <li key={from.toISOString()}>
            Its fabric was deleted on <Day date={from} />
            {until && (
              <>
                , until <Day date={until} />
              </>
            )}
            : out of reach for everybody.
          </li>
        ))}
        <li>
          No screen shows its value. Pipelines can read it, and so can anybody with the token of one. Checks
          send it to allowed destinations.
        </li>
      </ul>
      <Part
        title="Pipelines that could read it"
        none="No pipeline could read it in this period."
        hint="With the limits that they have today, or had when they ended."
        list={pipelines}
        detail={{ title: "May read", of: reachOf }}
        usesHref={usesHref}
      />
      <Part
        title="People who could replace it or check with it"
        none="Nobody was a member of the team at this time."
        hint="Members of the team at some time of the period, with the role that they have today. Somebody whose account was removed is listed only if they used it."
        list={people}
        detail={{ title: "Role", of: roleOf }}
        usesHref={usesHref}
      />
      {others.length > 0 && (
        <Part
          title="Others that used it"
          none=""
          hint="Automate checks connections on a schedule. Others are known only by their name in the log."
          list={others}
          usesHref={usesHref}
        />
      )}
    </div>
  );
}

function Part({
  title,
  none,
  hint,
  list,
  detail,
  usesHref,
}: {
  title: string;
  none: string;
  hint: string;
  list: Accessor[];
  detail?: { title: string; of: (one: Accessor) => ReactNode };
  usesHref: (one: Accessor) => string;
}) {
  return (
    <section className="flex flex-col gap-3">
      <div>
        <h3 className="font-semibold text-lg">{title}</h3>
        <p className="max-w-3xl text-muted text-sm">{list.length === 0 ? none : hint}</p>
      </div>
      {list.length > 0 && (
        <Table label={title}>
          <THead>
            <Th>Name</Th>
            <Th>Used it</Th>
            <Th>Could use it</Th>
            {detail && <Th>{detail.title}</Th>}
          </THead>
          <TBody>
            {list.map((one) => (
              <Tr key={one.id}>
                <Td isMain>{one.name}</Td>
                <Td label="Used it">
                  {one.uses ? (
                    <Link href={usesHref(one)} className={link}>
                      {timesOf(one.uses)}, last on <Day date={one.uses.last} />
                    </Link>
                  ) : (
                    "No"
                  )}
                </Td>
                <Td label="Could use it">{span(one)}</Td>
                {detail && <Td label={detail.title}>{detail.of(one)}</Td>}
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
    </section>
  );
}

function timesOf({ times, isMore }: NonNullable<Accessor["uses"]>): string {
  if (isMore) return `More than ${times} times`;
  return times === 1 ? "Once" : `${times} times`;
}

const endings = {
  revoked: "revoked",
  expired: "expired",
  removed: "removed",
  left: "left the team",
} as const;

function span({ kind, since, until, ended }: Accessor): ReactNode {
  return (
    <>
      {since && (
        <>
          Since <Day date={since} />
          {until && ", "}
        </>
      )}
      {until && (
        <>
          {ended ? `${endings[ended]} on ` : "until "}
          <Day date={until} />
        </>
      )}
      {!since && !until && (kind === "system" ? "Since the secret was created" : "The log does not say")}
    </>
  );
}

const reaches = {
  fabric: "Every secret of the fabric",
  secret: "This secret, by name",
  connection: "With a connection that uses it",
  unknown: "Its limits are not known any more",
} as const;

function reachOf({ kind, reach }: Accessor): ReactNode {
  return (
    <>
      {kind === "issuer" && "Trusted issuer: "}
      {reaches[reach ?? "unknown"]}
    </>
  );
}

const roles = { admin: "Admin", user: "User" } as const;

function roleOf({ role }: Accessor): ReactNode {
  return role === undefined ? "Not a member any more" : roles[role];
}
