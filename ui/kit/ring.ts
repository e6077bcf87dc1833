/**
 * The ring tone, made by Web Audio (no files). It is one looping buffer, so that it goes on in a hidden tab where timers
 * hardly run. A browser keeps sound off until somebody clicks; that is a state of its own here, to be shown.
 */
export type Sound = 'unknown' | 'off' | 'on';

interface SinkContext extends AudioContext {
  setSinkId?(id: string): Promise<void>;
}

/** Two soft notes, a rest: 3 s in all. Returns samples in -1…1. */
export function tone(rate: number): Float32Array {
  const out = new Float32Array(rate * 3);
  const note = (from: number, length: number, hz: number): void => {
    const n = Math.floor(length * rate);
    for (let i = 0; i < n; i++) {
      const t = i / rate;
      // A struck bar: quick rise, slow fall, a touch of the octave.
      const shape = Math.min(1, t / 0.008) * Math.exp(-t * 5);
      const at = Math.floor(from * rate) + i;
      if (at < out.length) out[at]! += 0.32 * shape * (Math.sin(2 * Math.PI * hz * t) + 0.35 * Math.sin(4 * Math.PI * hz * t));
    }
  };
  for (const start of [0, 0.62]) {
    note(start, 0.6, 659.26);
    note(start + 0.18, 0.6, 880);
  }
  return out;
}

export class Ring {
  #context: SinkContext | null = null;
  /** Made with the context: its samples take milliseconds to compute, which the card of a ringing call must not wait for. */
  #tone: AudioBuffer | null = null;
  #source: AudioBufferSourceNode | null = null;
  #gain: GainNode | null = null;
  #sink = '';
  #for: string | null = null;
  volume = 0.7;
  sound: Sound = 'unknown';

  constructor(
    private make: () => AudioContext,
    private changed: () => void,
  ) {}

  /** Call within a click or key press: only then may a page start to sound. */
  async enable(): Promise<void> {
    const c = this.#ready();
    if (c.state !== 'running') await c.resume().catch(() => undefined);
    this.#look();
  }

  /** Whether sound would be heard now; makes the state known without a click. */
  probe(): void {
    this.#ready();
    this.#look();
  }

  /** Rings for one offer; a second start for the same one does nothing. */
  start(id: string): void {
    if (this.#for === id) return;
    this.stop();
    this.#for = id;
    const c = this.#ready();
    void c.resume().catch(() => undefined);
    this.#gain = c.createGain();
    this.#gain.gain.value = this.volume;
    this.#source = c.createBufferSource();
    this.#source.buffer = this.#tone;
    this.#source.loop = true;
    this.#source.connect(this.#gain).connect(c.destination);
    this.#source.start();
    this.#look();
  }

  stop(): void {
    this.#for = null;
    this.#source?.stop();
    this.#source?.disconnect();
    this.#gain?.disconnect();
    this.#source = null;
    this.#gain = null;
  }

  get ringing(): string | null {
    return this.#for;
  }

  setVolume(v: number): void {
    this.volume = Math.min(1, Math.max(0, v));
    if (this.#gain) this.#gain.gain.value = this.volume;
  }

  /** Rings on its own device (headset for talking, speaker for ringing) where the browser can. */
  async setDevice(id: string): Promise<void> {
    this.#sink = id;
    await this.#context?.setSinkId?.(id).catch(() => undefined);
  }

  #ready(): SinkContext {
    if (!this.#context) {
      this.#context = this.make();
      this.#context.onstatechange = () => this.#look();
      if (this.#sink) void this.#context.setSinkId?.(this.#sink).catch(() => undefined);
      const samples = tone(this.#context.sampleRate);
      this.#tone = this.#context.createBuffer(1, samples.length, this.#context.sampleRate);
      this.#tone.getChannelData(0).set(samples);
    }
    return this.#context;
  }

  #look(): void {
    const now: Sound = this.#context?.state === 'running' ? 'on' : 'off';
    if (now !== this.sound) {
      this.sound = now;
      this.changed();
    }
  }
}
