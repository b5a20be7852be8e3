import { afterEach, beforeEach, describe } from 'vitest';
import { describeChat } from './conformance/chat.js';
import { describeImages } from './conformance/images.js';
import { describeModelsAndKey } from './conformance/models-and-key.js';
import type { Stage } from './conformance/stage.js';
import { describeVideos } from './conformance/videos.js';

/** What every driver of GrokUpstream must do. */
export function describeGrokUpstream(driver: string, start: () => Promise<Stage>): void {
  describe(`GrokUpstream by ${driver}`, () => {
    let stage: Stage;
    beforeEach(async () => {
      stage = await start();
    });
    afterEach(async () => {
      await stage.upstream.close();
      await stage.stop();
    });
    describe('chat', () => describeChat(() => stage));
    describe('images', () => describeImages(() => stage));
    describe('videos', () => describeVideos(() => stage));
    describe('models and keys', () => describeModelsAndKey(() => stage));
  });
}
