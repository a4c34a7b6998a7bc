/** Throws confetti, unless the reader asked for less motion. */
export async function celebrate(particleCount: number, spread: number): Promise<void> {
  if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const { default: confetti } = await import('canvas-confetti');
  await confetti({ particleCount, spread, origin: { y: 0.6 }, disableForReducedMotion: true });
}
