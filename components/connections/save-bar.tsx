import { Button, ButtonLink } from "@/components/ui/button";

/** What its status will say when the connection is saved now. */
export type Outlook = "connected" | "disconnected" | "waiting" | "checking" | "not_tested";

const words: Record<Outlook, string> = {
  connected: "",
  disconnected: "Saved now, its status will be Disconnected.",
  waiting: "Its status will be Waiting for approval.",
  checking: "The check is still running.",
  not_tested: "Not checked as it is now: its status will be Not tested.",
};

/** Save after a check that passed, or once an Admin was asked; before that, Save anyway. */
export function SaveBar({
  outlook,
  isUnchanged,
  isSubmitting,
  cancelHref,
}: {
  outlook: Outlook;
  isUnchanged: boolean;
  isSubmitting: boolean;
  cancelHref: string;
}) {
  const isPlain = isUnchanged || outlook === "connected" || outlook === "waiting";
  const said = isUnchanged ? "" : words[outlook];
  return (
    <div className="flex flex-wrap items-center justify-end gap-3 lg:col-start-1">
      {said && <p className="min-w-0 flex-1 basis-full text-muted text-sm sm:basis-48">{said}</p>}
      <ButtonLink href={cancelHref}>Cancel</ButtonLink>
      <Button type="submit" variant={isPlain ? "primary" : "secondary"} isPending={isSubmitting}>
        {isPlain ? "Save" : "Save anyway"}
      </Button>
    </div>
  );
}
