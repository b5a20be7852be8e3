const DIGITS = '1a2b3c4d5e6f708192a3b4c5d6e7f809';

/** What the published document's upload is replied to. */
export const UPLOAD_EXAMPLES = {
  uploaded: {
    uploaded: {
      summary: '上传图片',
      value: {
        file_id: `file_${DIGITS}`,
        file_uri: `uploads/${DIGITS}/image.jpg`,
        image_url: `http://localhost:8000/v1/files/file_${DIGITS}.jpg`,
      },
    },
  },
} as const;
