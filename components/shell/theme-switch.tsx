"use client";

import { Menu } from "@base-ui/react/menu";
import { Check, Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { menuItemClass } from "@/components/ui/menu";

const themes = [
  { value: "system", label: "System", Icon: Monitor },
  { value: "light", label: "Light", Icon: Sun },
  { value: "dark", label: "Dark", Icon: Moon },
];

/** A menu group for choosing the theme. */
export function ThemeSwitch() {
  const { theme = "system", setTheme } = useTheme();
  return (
    <Menu.RadioGroup value={theme} onValueChange={(value: string) => setTheme(value)}>
      <Menu.Group>
        <Menu.GroupLabel className="px-2.5 pt-1.5 pb-1 text-faint text-xs">Theme</Menu.GroupLabel>
        {themes.map(({ value, label, Icon }) => (
          <Menu.RadioItem key={value} value={value} className={menuItemClass}>
            <Icon aria-hidden className="text-muted" />
            <span className="flex-1">{label}</span>
            <Menu.RadioItemIndicator>
              <Check aria-hidden />
            </Menu.RadioItemIndicator>
          </Menu.RadioItem>
        ))}
      </Menu.Group>
    </Menu.RadioGroup>
  );
}
