## Segmentation of payloads for Waku messages (LIP-243), with parity and against forgeries: bytes in, bytes out.
import segmentation/errors
import segmentation/options
import segmentation/results
import segmentation/segment
import segmentation/segmenter

export errors, options, results, readSetId
export segmenter
import segmentation/reassembler
export reassembler
