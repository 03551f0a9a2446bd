import { Button, ButtonLink } from "@/components/ui/button";

/** Save after a check that passed; before that, Save anyway, and what the status will say. */
export function SaveBar({
  hasPassed,
  hasFailed,
  isChecking,
  isUnchanged,
  isSubmitting,
  cancelHref,
}: {
  hasPassed: boolean;
  /** True when a check found something wrong with the connection itself. */
  hasFailed: boolean;
  isChecking: boolean;
  isUnchanged: boolean;
  isSubmitting: boolean;
  cancelHref: string;
}) {
  const isPlain = hasPassed || isUnchanged;
  return (
    <div className="flex flex-wrap items-center justify-end gap-3 lg:col-start-1">
      {!isPlain && (
        <p className="min-w-0 flex-1 basis-full text-muted sm:basis-48 text-sm">
          {hasFailed
            ? "Saved now, its status will be Disconnected."
            : isChecking
              ? "The check is still running."
              : "Not checked as it is now: its status will be Not tested."}
        </p>
      )}
      <ButtonLink href={cancelHref}>Cancel</ButtonLink>
      <Button type="submit" variant={isPlain ? "primary" : "secondary"} isPending={isSubmitting}>
        {isPlain ? "Save" : "Save anyway"}
      </Button>
    </div>
  );
}
