import {
  BrainIcon,
  DatabaseIcon,
  DollarSignIcon,
  LayoutDashboardIcon,
  RocketIcon,
  SettingsIcon,
  ShieldIcon,
} from 'lucide-react';
import type { User } from '@/api/types';

/** The sections, and the addresses that belong to each. */
const SECTIONS = [
  { label: 'Dashboard', to: '/', icon: LayoutDashboardIcon, owns: (path: string) => path === '/' },
  {
    label: 'Datasets',
    to: '/datasets',
    icon: DatabaseIcon,
    // A job is configured from its data set.
    owns: (path: string) => path.startsWith('/datasets') || path.startsWith('/training/configure'),
  },
  {
    label: 'Training Jobs',
    to: '/training/jobs',
    icon: RocketIcon,
    owns: (path: string) => path.startsWith('/training/jobs') || path.startsWith('/training/compare'),
  },
  { label: 'Models', to: '/models', icon: BrainIcon, owns: (path: string) => path.startsWith('/models') },
  { label: 'Costs', to: '/costs', icon: DollarSignIcon, owns: (path: string) => path.startsWith('/costs') },
  { label: 'Settings', to: '/settings', icon: SettingsIcon, owns: (path: string) => path.startsWith('/settings') },
] as const;

/** Only administrators see it. */
const ADMINISTRATION = {
  label: 'Administration',
  to: '/admin/users',
  icon: ShieldIcon,
  owns: (path: string) => path.startsWith('/admin'),
} as const;

/** The sections that a role has. */
export const sectionsOf = (role: User['role'] | undefined) =>
  role === 'admin' ? [...SECTIONS, ADMINISTRATION] : SECTIONS;
