import { TabsNav } from "@/components/ui/tabs-nav";

/** A person's own settings, and what they need for scripts. */
export function SettingsTabs() {
  return (
    <TabsNav
      label="Settings"
      tabs={[
        { href: "/settings/access-tokens", label: "Access tokens" },
        { href: "/settings/reminders", label: "Reminders" },
        { href: "/settings/activity", label: "Account activity" },
        { href: "/settings/api", label: "API reference" },
      ]}
    />
  );
}
