/** How loud a microphone is, 0…1, read as often as the screen is painted. */
export class Meter {
  #context: AudioContext;
  #analyser: AnalyserNode;
  #samples: Float32Array<ArrayBuffer>;

  constructor(private stream: MediaStream) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 512;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }

  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return level(this.#samples);
  }

  /** owned: the stream was opened for the meter alone, so it ends with it. */
  stop(owned: boolean): void {
    if (owned) this.stream.getTracks().forEach((t) => t.stop());
    void this.#context.close();
  }
}

/** level: loudness by ear, -60 dB → 0, -6 dB → 1. */
export function level(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms === 0) return 0;
  return Math.min(1, Math.max(0, (20 * Math.log10(rms) + 60) / 54));
}
