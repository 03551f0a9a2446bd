"use client";

import { LogOut, Settings } from "lucide-react";
import { useTransition } from "react";
import { ThemeSwitch } from "@/components/shell/theme-switch";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/menu";

export type ShellUser = { name: string; email: string };

export function UserMenu({
  user,
  side,
  align,
  onSignOut,
}: {
  user: ShellUser;
  side: "bottom" | "right";
  align: "end";
  onSignOut: () => Promise<void>;
}) {
  const [, startTransition] = useTransition();
  return (
    <Menu
      side={side}
      align={align}
      trigger={
        <button
          type="button"
          aria-label={`Account: ${user.name || user.email}`}
          data-initials={initials(user.name || user.email)}
          className="inline-flex size-9 items-center justify-center rounded-full bg-rail-active font-semibold text-rail-ink text-sm before:content-[attr(data-initials)] hover:bg-accent focus-visible:outline-rail-ring"
        />
      }
    >
      <div className="px-2.5 py-1.5">
        <p className="truncate font-medium">{user.name}</p>
        <p className="truncate text-muted text-sm">{user.email}</p>
      </div>
      <MenuSeparator />
      <ThemeSwitch />
      <MenuSeparator />
      <MenuItem icon={<Settings aria-hidden />} href="/settings/access-tokens">
        Settings
      </MenuItem>
      <MenuItem icon={<LogOut aria-hidden />} onClick={() => startTransition(onSignOut)}>
        Sign out
      </MenuItem>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s@._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");
}
