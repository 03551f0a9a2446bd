import { CircleCheck, CircleDashed, CircleX, Hourglass, Moon } from "lucide-react";
import type { ReactNode } from "react";
import { CheckHistoryPicture } from "@/components/connections/check-history";
import { formatDuration } from "@/components/connections/duration";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CheckHistory, ConnectionStatus } from "@/lib/connections/schema";
import { checkTexts } from "@/lib/connectors/check-texts";

/** The latest check of exactly this configuration: its result, time and duration. */
export function ConnectionStatusBadge({
  status,
  history = [],
}: {
  status: ConnectionStatus;
  history?: CheckHistory;
}) {
  const picture = <CheckHistoryPicture history={history} />;
  switch (status.state) {
    case "connected":
      return (
        <span className="flex flex-col items-start gap-1">
          <Marked picture={picture}>
            <ConnectionStateBadge state="connected" />
          </Marked>
          <Checked status={status} />
        </span>
      );
    case "disconnected":
      return (
        <span className="flex flex-col items-start gap-1">
          <Marked picture={picture}>
            <ConnectionStateBadge state="disconnected" />
          </Marked>
          <span className="text-sm">{checkTexts[status.code].title}</span>
          <Checked status={status} />
        </span>
      );
    case "inactive":
      return (
        <span className="flex flex-col items-start gap-1">
          <Marked picture={picture}>
            <ConnectionStateBadge state="inactive" />
          </Marked>
          <span className="text-muted text-sm">Unused for a week. Checks resume when it is used.</span>
          <Checked status={status} />
        </span>
      );
    case "waiting":
      return (
        <span className="flex flex-col items-start gap-1">
          <Marked picture={picture}>
            <ConnectionStateBadge state="waiting" />
          </Marked>
          <span className="text-faint text-sm">
            Requested by {status.askedByName} <RelativeTime date={status.askedAt} />
          </span>
        </span>
      );
    case "not_tested":
      return (
        <span className="flex flex-col items-start gap-1">
          <Marked picture={picture}>
            <ConnectionStateBadge state="not_tested" />
          </Marked>
          {status.reason === "declined" && (
            <span className="text-muted text-sm">{status.declinedByName} declined the destination.</span>
          )}
          {status.reason === "value_replaced" && (
            <span className="text-muted text-sm">
              A secret’s value has been replaced since the last check.
            </span>
          )}
        </span>
      );
    default:
      return status satisfies never;
  }
}

const states = {
  connected: { tone: "success", Icon: CircleCheck, label: "Connected" },
  disconnected: { tone: "danger", Icon: CircleX, label: "Disconnected" },
  inactive: { tone: "neutral", Icon: Moon, label: "Inactive" },
  waiting: { tone: "warning", Icon: Hourglass, label: "Waiting for approval" },
  not_tested: { tone: "neutral", Icon: CircleDashed, label: "Not checked" },
} as const satisfies Record<ConnectionStatus["state"], object>;

/** The state of a connection in one or two words. */
export function ConnectionStateBadge({ state }: { state: ConnectionStatus["state"] }) {
  const { tone, Icon, label } = states[state];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {label}
    </Badge>
  );
}

/** A badge, followed by the picture of the last checks. */
function Marked({ picture, children }: { picture: ReactNode; children: ReactNode }) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
      <span className="inline-flex min-w-28">{children}</span>
      {picture}
    </span>
  );
}

function Checked({ status }: { status: Extract<ConnectionStatus, { checkedAt: Date }> }) {
  return (
    <span className="text-faint text-sm">
      {"since" in status && status.since < status.checkedAt && (
        <>
          <RelativeTime date={status.since} span="for" />,{" "}
        </>
      )}
      checked <RelativeTime date={status.checkedAt} />, {formatDuration(status.durationMs)}
    </span>
  );
}
