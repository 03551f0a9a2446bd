import Link from "next/link";
import { AcknowledgeAlarmButton } from "@/components/alarms/acknowledge-alarm-button";
import { Banner } from "@/components/ui/banner";
import { RelativeTime } from "@/components/ui/relative-time";
import type { Alarm } from "@/lib/alarms/schema";

const mostShown = 3;

/** What an Admin must see on every page of a fabric: stored values that could not be opened. */
export function AlarmBanners({ fabricId, alarms }: { fabricId: string; alarms: readonly Alarm[] }) {
  if (alarms.length === 0) return null;
  const home = `/metadata/fabrics/${fabricId}`;
  return (
    <section aria-label="Alarms" className="mb-5 flex flex-col gap-3">
      {alarms.slice(0, mostShown).map(({ secretId, secretName, field, version, at, isThere }) => (
        <Banner
          key={secretId}
          tone="danger"
          title={`A stored value of secret “${secretName}” could not be opened`}
          action={<AcknowledgeAlarmButton fabricId={fabricId} secret={{ id: secretId, name: secretName }} />}
        >
          <p>
            Field {words(field)} of version {version}, last tried <RelativeTime date={at} />. Somebody changed
            the stored value, or its key is gone. Tell whoever runs Selvage, and replace the value once they
            know why.{" "}
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
          </p>
        </Banner>
      ))}
      {alarms.length > mostShown && (
        <p className="text-muted text-sm">
          {alarms.length - mostShown} more secrets have stored values that could not be opened.{" "}
          <Link className={link} href={`${home}/activity?event=alarms`}>
            See all alarms
          </Link>
        </p>
      )}
    </section>
  );
}

const link = "font-medium text-ink underline hover:no-underline";

/** clientSecret → client secret */
function words(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
}
