import { SettingsTabs } from "@/components/settings/settings-tabs";

export default function SettingsLayout({ children }: { children: React.ReactNode }) {
  return (
    <div className="page flex flex-col gap-6">
      <SettingsTabs />
      {children}
    </div>
  );
}
