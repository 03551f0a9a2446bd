import { TabsNav } from "@/components/ui/tabs-nav";

/** What a person sets for themselves, and what they need to write scripts. */
export function SettingsTabs() {
  return (
    <TabsNav
      label="Settings"
      tabs={[
        { href: "/settings/access-tokens", label: "Access Tokens" },
        { href: "/settings/activity", label: "Account activity" },
        { href: "/settings/api", label: "API reference" },
      ]}
    />
  );
}
