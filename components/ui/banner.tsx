import { CircleAlert, CircleCheck, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/components/ui/class-names";

type BannerTone = "info" | "success" | "warning" | "danger";

const styles: Record<BannerTone, { box: string; mark: string; Icon: LucideIcon }> = {
  info: { box: "border-accent-line bg-accent-soft", mark: "text-accent-text", Icon: Info },
  success: { box: "border-success-line bg-success-soft", mark: "text-success-text", Icon: CircleCheck },
  warning: { box: "border-warning-line bg-warning-soft", mark: "text-warning-text", Icon: TriangleAlert },
  danger: { box: "border-danger-line bg-danger-soft", mark: "text-danger-text", Icon: CircleAlert },
};

/**
 * A callout. With `isLive`, screen readers announce it when it appears: immediately if it reports a failure.
 */
export function Banner({
  tone,
  title,
  action,
  isLive = false,
  children,
}: {
  tone: BannerTone;
  title?: ReactNode;
  action?: ReactNode;
  isLive?: boolean;
  children?: ReactNode;
}) {
  const { box, mark, Icon } = styles[tone];
  return (
    <div
      role={isLive ? (tone === "danger" ? "alert" : "status") : undefined}
      className={cx("flex items-start gap-3 rounded-lg border px-3.5 py-3", box)}
    >
      <Icon aria-hidden className={cx("mt-0.5 size-4.5 shrink-0", mark)} />
      <div className="flex min-w-0 flex-1 flex-col items-start gap-x-3 gap-y-2.5 sm:flex-row">
        <div className="wrap-anywhere min-w-0 flex-1">
          {title && <p className="font-semibold">{title}</p>}
          {children && <div className={title ? "mt-0.5 text-muted" : undefined}>{children}</div>}
        </div>
        {action}
      </div>
    </div>
  );
}
