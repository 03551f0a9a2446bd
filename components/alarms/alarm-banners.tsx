import { AcknowledgeAlarmButton } from "@/components/alarms/acknowledge-alarm-button";
import { Banner } from "@/components/ui/banner";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import type { Alarm } from "@/lib/alarms/schema";

const maxShown = 3;

/** Shows Admins, on every page of a fabric, the stored values that automate could not open. */
export function AlarmBanners({ fabricId, alarms }: { fabricId: string; alarms: readonly Alarm[] }) {
  const [first] = alarms;
  if (!first) return null;
  const isOne = alarms.length === 1;
  return (
    <section aria-label="Alarms" className="mb-5">
      <Banner
        tone="danger"
        title={
          isOne
            ? `A stored value of secret “${first.secretName}” could not be opened`
            : `Stored values of ${alarms.length} secrets could not be opened`
        }
        action={isOne && <Acknowledge fabricId={fabricId} alarm={first} />}
      >
        {isOne && (
          <p className="first-letter:uppercase">
            <AlarmText fabricId={fabricId} alarm={first} />
          </p>
        )}
        <p>
          A stored value was changed, or its key is missing. Tell an operator of Selvage, and replace the
          value when they know the cause.
        </p>
        {!isOne && (
          <ul className="mt-2 flex flex-col gap-2">
            {alarms.slice(0, maxShown).map((alarm) => (
              <li
                key={alarm.secretId}
                className="flex flex-col items-start gap-x-4 gap-y-1.5 sm:flex-row sm:items-center sm:justify-between"
              >
                <span className="min-w-0">
                  <span className="font-medium text-ink">{alarm.secretName}</span>:{" "}
                  <AlarmText fabricId={fabricId} alarm={alarm} />
                </span>
                <Acknowledge fabricId={fabricId} alarm={alarm} />
              </li>
            ))}
          </ul>
        )}
        {alarms.length > maxShown && (
          <p className="mt-2">
            {alarms.length - maxShown} more.{" "}
            <Link className={link} href={`/metadata/fabrics/${fabricId}/activity?event=alarms`}>
              See all alarms
            </Link>
          </p>
        )}
      </Banner>
    </section>
  );
}

function Acknowledge({ fabricId, alarm: { secretId, secretName } }: { fabricId: string; alarm: Alarm }) {
  return <AcknowledgeAlarmButton fabricId={fabricId} secret={{ id: secretId, name: secretName }} />;
}

function AlarmText({
  fabricId,
  alarm: { secretId, field, version, at, isThere },
}: {
  fabricId: string;
  alarm: Alarm;
}) {
  const home = `/metadata/fabrics/${fabricId}`;
  return (
    <>
      {field === "value" ? "" : `${words(field)} of `}version {version}, last tried <RelativeTime date={at} />
      .{" "}
      {isThere && (
        <>
          <Link className={link} href={`${home}/secrets/${secretId}`}>
            See the secret
          </Link>
          {" · "}
        </>
      )}
      <Link className={link} href={`${home}/activity?object=${secretId}`}>
        See its activity
      </Link>
    </>
  );
}

const link = "font-medium text-ink underline hover:no-underline";

/** clientSecret → client secret */
function words(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
}
