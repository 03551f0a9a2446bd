import type { ReactNode } from "react";
import { failureTexts, type useConnectionChecks } from "@/components/candidates/use-connection-checks";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";

/** Why the checks failed, and the buttons: Stop while they run, otherwise `idle`, and `always`. */
export function CheckButtons({
  checks: { isRunning, failure, stop },
  idle,
  always,
}: {
  checks: ReturnType<typeof useConnectionChecks>;
  idle: ReactNode;
  always?: ReactNode;
}) {
  return (
    <>
      {failure && (
        <Banner tone="danger" isLive>
          {failureTexts[failure]}
        </Banner>
      )}
      <div className="flex flex-wrap items-center gap-2">
        {isRunning ? <Button onClick={stop}>Stop checking</Button> : idle}
        {always}
      </div>
    </>
  );
}
