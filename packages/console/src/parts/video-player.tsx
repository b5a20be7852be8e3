import { useWords } from '../i18n/language.js';

/** Plays a video; none of them has a sound that captions could tell of. */
export function VideoPlayer({ src }: { src: string }) {
  const words = useWords();
  return (
    <video
      src={src}
      controls
      autoPlay
      muted
      loop
      playsInline
      aria-label={words.video.result}
      style={{ width: '100%', maxHeight: '60dvh', borderRadius: 'var(--mantine-radius-md)', background: '#000' }}
    />
  );
}
