import { cx } from "@/components/ui/class-names";

export type ButtonVariant = "primary" | "secondary" | "ghost" | "danger" | "link";
export type ButtonSize = "sm" | "md";

const variants: Record<ButtonVariant, string> = {
  primary:
    "border-transparent bg-accent text-on-accent shadow-control hover:not-aria-disabled:bg-accent-hover",
  secondary:
    "border-line-strong/60 bg-surface text-ink shadow-control hover:not-aria-disabled:border-line-strong hover:not-aria-disabled:bg-hover",
  ghost: "border-transparent text-muted hover:not-aria-disabled:bg-hover hover:not-aria-disabled:text-ink",
  danger:
    "border-transparent bg-danger text-on-accent shadow-control hover:not-aria-disabled:bg-danger-hover",
  link: "border-transparent text-accent-text underline-offset-3 hover:underline",
};

const sizes: Record<ButtonSize, string> = {
  sm: "h-8 px-2.5 text-sm",
  md: "h-9 px-3.5 text-base",
};

const linkSizes: Record<ButtonSize, string> = {
  sm: "min-h-6 text-sm",
  md: "min-h-6 text-base",
};

const squares: Record<ButtonSize, string> = {
  sm: "size-8",
  md: "size-9",
};

const shared =
  "inline-flex shrink-0 cursor-pointer items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium transition-colors aria-disabled:cursor-not-allowed aria-disabled:opacity-60 [&_svg]:size-4 [&_svg]:shrink-0";

/** The classes of everything that looks like a button. */
export function buttonClass(variant: ButtonVariant, size: ButtonSize, className?: string): string {
  return cx(shared, variants[variant], variant === "link" ? linkSizes[size] : sizes[size], className);
}

/** The classes of a square icon button. */
export function iconButtonClass(variant: ButtonVariant, size: ButtonSize, className?: string): string {
  return cx(shared, variants[variant], squares[size], className);
}
