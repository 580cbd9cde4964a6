using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Bodies;

namespace Sallyport.Protocols.Http2.Mcp;

/// <summary>
/// Masks messages of an MCP server: fields by their paths in the JSON-RPC message, and what detectors find in its texts and in the names of its members, escaped or not. All else
/// stays as it is, byte for byte. Not thread-safe.
/// </summary>
/// <param name="open">Begins a stream of text; null: there are no detectors.</param>
/// <param name="fields">What is masked by path; null: nothing.</param>
internal sealed class McpMask(Func<IStreamMask>? open, MaskPlan? fields = null)
{
    /// <summary>Largest message that is masked; a larger one ends the exchange.</summary>
    public const int MostBytes = 4 << 20;

    // A server that nests deeper wants something else.
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 128 };

    private readonly JsonMasker? _fields = fields is null ? null : new JsonMasker(new MaskedPaths(fields), null);
    private IStreamMask? _texts;
    private byte[] _plain = new byte[256];
    private byte[] _shown = new byte[1024];

    /// <summary>Why a response is given up.</summary>
    public static HttpRefusal Unmaskable { get; } = new(502, "", "The target's response could not be masked.");

    /// <summary>Masks one message, or a batch.</summary>
    /// <param name="to">Gets it behind what it has.</param>
    /// <returns>False: it is no JSON, so that nobody knows what it says. What was written is not to be sent.</returns>
    public bool TryMaskMessage(ReadOnlySpan<byte> message, ArrayBufferWriter<byte> to)
    {
        if (_fields is not null)
        {
            message = _fields.Whole(message, out bool isRead);
            if (!isRead)
                return false;
        }

        if (open is null)
        {
            to.Write(message);
            return true;
        }

        var reader = new Utf8JsonReader(message, Strict);
        int done = 0;
        int outer = 0;
        bool isOfProtocol = false;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartArray && reader.CurrentDepth == 0)
                    outer = 1;
                if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String))
                    continue;
                if (reader.TokenType == JsonTokenType.String && isOfProtocol)
                {
                    isOfProtocol = false;
                    continue;
                }

                isOfProtocol = reader.TokenType == JsonTokenType.PropertyName && IsOfProtocol(ref reader, outer);
                if (isOfProtocol || !TryMaskText(ref reader, out ReadOnlySpan<byte> shown))
                    continue;
                int start = (int)reader.TokenStartIndex;
                to.Write(message[done..start]);
                to.Write("\""u8);
                to.Write(JsonEncodedText.Encode(shown, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
                to.Write("\""u8);
                done = start + reader.ValueSpan.Length + 2;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // No JSON, or half a character in it.
            return false;
        }

        to.Write(message[done..]);
        return true;
    }

    /// <summary>Masks text that is no message.</summary>
    public void MaskText(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> to)
    {
        if (open is null)
        {
            to.Write(text);
            return;
        }

        IStreamMask mask = open();
        to.Advance(mask.Mask(text, to.GetSpan(mask.MaxLength(text.Length)), flush: true));
    }

    // What both sides know answers and pages again by: a masked one would be another one.
    private static bool IsOfProtocol(ref Utf8JsonReader reader, int outer) => (reader.CurrentDepth - outer) switch
    {
        1 => reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("jsonrpc"u8) || reader.ValueTextEquals("method"u8),
        2 => reader.ValueTextEquals("nextCursor"u8),
        _ => false,
    };

    /// <returns>True: it changed.</returns>
    private bool TryMaskText(ref Utf8JsonReader reader, out ReadOnlySpan<byte> shown)
    {
        shown = default;
        if (_plain.Length < reader.ValueSpan.Length + 1)
            _plain = new byte[reader.ValueSpan.Length * 2];
        int length = reader.CopyString(_plain);
        // Every text stands on a line of its own, so that none is taken for the rest of another.
        _plain[length++] = (byte)'\n';
        ReadOnlySpan<byte> plain = _plain.AsSpan(0, length);
        _texts ??= open!();
        int most = _texts.MaxLength(length);
        if (_shown.Length < most)
            _shown = new byte[most];
        int written = _texts.Mask(plain, _shown, flush: true);
        if (_shown.AsSpan(0, written).SequenceEqual(plain))
            return false;
        // What was found may go on in the stream, but not in the next text.
        _texts = null;
        shown = _shown.AsSpan(0, written);
        if (shown is [.., (byte)'\n'])
            shown = shown[..^1];
        return true;
    }
}
