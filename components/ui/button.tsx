"use client";

import { LoaderCircle } from "lucide-react";
import type { ComponentProps, MouseEvent, ReactNode } from "react";
import {
  type ButtonSize,
  type ButtonVariant,
  buttonClass,
  iconButtonClass,
} from "@/components/ui/button-style";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";

type ButtonLook = { variant?: ButtonVariant; size?: ButtonSize; icon?: ReactNode };

export function Button({
  variant = "secondary",
  size = "md",
  icon,
  isPending = false,
  disabled = false,
  type = "button",
  className,
  onClick,
  children,
  ...props
}: ComponentProps<"button"> & ButtonLook & { isPending?: boolean }) {
  const isOff = isPending || disabled;
  // aria-disabled instead of disabled, so that a button which becomes pending keeps the focus.
  return (
    <button
      {...props}
      type={isOff && type === "submit" ? "button" : type}
      aria-disabled={isOff || undefined}
      aria-busy={isPending || undefined}
      onClick={isOff ? ignoreClick : onClick}
      className={cx(buttonClass(variant, size, className), isPending && !icon && "relative")}
    >
      {isPending ? <LoaderCircle aria-hidden className={cx("animate-spin", !icon && "absolute")} /> : icon}
      {/* The spinner replaces the icon, or covers the label, so that the button keeps its width. */}
      {isPending && !icon ? <span className="opacity-0">{children}</span> : children}
    </button>
  );
}

export function ButtonLink({
  variant = "secondary",
  size = "md",
  icon,
  className,
  children,
  ...props
}: ComponentProps<typeof Link> & ButtonLook) {
  return (
    <Link {...props} className={buttonClass(variant, size, className)}>
      {icon}
      {children}
    </Link>
  );
}

export function IconButton({
  label,
  icon,
  variant = "ghost",
  size = "sm",
  className,
  type = "button",
  ...props
}: Omit<ComponentProps<"button">, "children"> & ButtonLook & { label: string }) {
  return (
    <button
      {...props}
      type={type}
      aria-label={label}
      title={props.title ?? label}
      className={iconButtonClass(variant, size, className)}
    >
      {icon}
    </button>
  );
}

function ignoreClick(event: MouseEvent) {
  event.preventDefault();
}
