import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { LogOutIcon, ShieldIcon, UserIcon } from 'lucide-react';
import type { ReactElement } from 'react';
import { logout, meQuery } from '@/api/auth';
import {
  DropdownMenu,
  DropdownMenuContent,
  DropdownMenuItem,
  DropdownMenuLabel,
  DropdownMenuRadioGroup,
  DropdownMenuRadioItem,
  DropdownMenuSeparator,
  DropdownMenuTrigger,
} from '@/components/ui/dropdown-menu';
import { messageOf } from '@/lib/errors';
import { words } from '@/lib/format';
import { setTheme, type Theme, useTheme } from '@/lib/theme';
import { toast } from '@/lib/toast';

const THEMES: { value: Theme; label: string }[] = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'system', label: 'As the system' },
];

interface UserMenuProps {
  button: ReactElement;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What the account's menu holds, with its button. */
export default function UserMenuItems({ button, open, onOpenChange }: UserMenuProps) {
  const { data: user } = useQuery(meQuery);
  const client = useQueryClient();
  const router = useRouter();
  const signOut = useMutation({
    mutationFn: logout,
    onSuccess: async () => {
      client.clear();
      client.setQueryData(meQuery.queryKey, null);
      await router.navigate({ to: '/login' });
    },
    onError: (error) => toast.error(messageOf(error)),
  });
  if (!user) return null;
  return (
    <DropdownMenu open={open} onOpenChange={onOpenChange}>
      <DropdownMenuTrigger asChild>{button}</DropdownMenuTrigger>
      <DropdownMenuContent className="w-56">
        <div className="px-2 py-1.5">
          <p className="truncate text-sm font-medium">{user.name}</p>
          <p className="truncate text-xs text-muted-foreground">{user.email}</p>
          <p className="text-xs text-muted-foreground capitalize">{words(user.role)}</p>
        </div>
        <DropdownMenuSeparator />
        <DropdownMenuItem asChild>
          <Link to="/settings">
            <UserIcon aria-hidden className="mr-2" />
            Profile
          </Link>
        </DropdownMenuItem>
        <DropdownMenuItem asChild>
          <Link to="/settings" search={{ tab: 'security' }}>
            <ShieldIcon aria-hidden className="mr-2" />
            Security
          </Link>
        </DropdownMenuItem>
        <DropdownMenuSeparator />
        <ThemeChoice />
        <DropdownMenuSeparator />
        <DropdownMenuItem onSelect={() => signOut.mutate()}>
          <LogOutIcon aria-hidden className="mr-2" />
          Sign Out
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

function ThemeChoice() {
  const { theme } = useTheme();
  return (
    <>
      <DropdownMenuLabel className="text-xs font-normal text-muted-foreground">Appearance</DropdownMenuLabel>
      <DropdownMenuRadioGroup
        aria-label="Appearance"
        value={theme}
        onValueChange={(value) => setTheme(THEMES.find((known) => known.value === value)?.value ?? 'system')}
      >
        {THEMES.map(({ value, label }) => (
          <DropdownMenuRadioItem key={value} value={value}>
            {label}
          </DropdownMenuRadioItem>
        ))}
      </DropdownMenuRadioGroup>
    </>
  );
}
