const usage = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 },
};
const facts = {
  created_at: 1234567890,
  size: '1024x1024',
  quality: 'auto',
  background: 'opaque',
  output_format: 'jpeg',
};
const urlOf = (digit: string) => `http://localhost:8000/v1/files/image_${digit.repeat(32)}.jpg`;
const partial = {
  type: 'image_generation.partial_image',
  index: 0,
  partial_image_index: 0,
  ...facts,
  b64_json: 'iVBORw0KG...',
};
const completed = {
  type: 'image_generation.completed',
  created: 1234567890,
  ...facts,
  usage,
  data: [{ url: urlOf('1') }],
  url: urlOf('1'),
};
const event = (data: { type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** The published documents' requests, and what they are replied to. */
export const IMAGE_EXAMPLES = {
  generations: {
    one: {
      summary: '生成单张图片',
      value: { prompt: '一只在太空中的宇航员，数字艺术风格', n: 1, response_format: 'url' },
    },
    several: { summary: '生成多张图片', value: { prompt: '美丽的日落风景', n: 4, response_format: 'b64_json' } },
    stream: { summary: '流式生成', value: { prompt: '赛博朋克城市夜景', n: 1, stream: true } },
    textToImage: {
      summary: '文生图',
      value: { model: 'grok-imagine-1.0', prompt: '一只在太空漂浮的猫', n: 1, size: '1024x1024' },
    },
  },
  edits: {
    address: {
      summary: 'A picture by its address',
      value: { prompt: '给图片添加一个蓝色的天空', image: 'https://example.com/image.jpg', n: 1 },
    },
  },
  editForms: {
    sky: { summary: '编辑图片', value: { prompt: '给图片添加一个蓝色的天空', n: 1, response_format: 'url' } },
    sharper: { summary: '图生图', value: { model: 'grok-imagine-1.0-edit', prompt: '把图片变清晰', n: 1 } },
  },
  replies: {
    urls: {
      summary: '非流式响应',
      value: { created: 1234567890, data: [{ url: urlOf('1') }, { url: urlOf('2') }], usage },
    },
    base64: {
      summary: 'Base64 格式响应',
      value: { created: 1234567890, data: [{ b64_json: 'iVBORw0KGgoAAAANSUhEUgAA...' }], usage },
    },
  },
  stream: event(partial) + event(completed),
} as const;
