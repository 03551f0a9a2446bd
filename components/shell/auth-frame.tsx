import type { ReactNode } from "react";
import { Wordmark } from "@/components/shell/logo";
import { cx } from "@/components/ui/class-names";

/** The frame of pages outside the app shell, such as sign-in. */
export function AuthFrame({
  title,
  description,
  width = "narrow",
  children,
}: {
  title: string;
  description?: ReactNode;
  width?: "narrow" | "wide";
  children: ReactNode;
}) {
  return (
    <main
      id="main"
      className="flex min-h-dvh flex-col items-center bg-sunken px-4 dark:bg-canvas py-10 md:pt-[16vh]"
    >
      <Wordmark />
      <div
        className={cx(
          "mt-8 w-full rounded-xl",
          width === "wide" ? "max-w-lg" : "max-w-sm",
          "border border-line bg-surface p-6 shadow-control md:p-8",
        )}
      >
        <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
        {description && <div className="mt-1 text-muted">{description}</div>}
        <div className="mt-6">{children}</div>
      </div>
    </main>
  );
}
