using System.Text.Json;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>
/// Sizes of a terminal, as clients send them one behind the other over the resize channel: <c>{"Width":80,"Height":24}</c>. What is not one is passed over; it
/// is the target's to complain, and the recording only has no new size.
/// </summary>
internal sealed class KubeResizeReader
{
    private const int LongestObject = 256;

    private readonly byte[] _object = new byte[LongestObject];
    private int _length;

    public ushort Width { get; private set; }

    public ushort Height { get; private set; }

    /// <returns>True: there is a new size.</returns>
    public bool Take(ReadOnlySpan<byte> bytes)
    {
        bool isNew = false;
        foreach (byte b in bytes)
        {
            // An object begins anew with each brace: no size has one within.
            if (b == '{')
                _length = 0;
            if (_length < LongestObject)
                _object[_length++] = b;
            if (b != '}')
                continue;
            isNew |= _length < LongestObject && TryParse(_object.AsSpan(0, _length));
            _length = 0;
        }

        return isNew;
    }

    private bool TryParse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        ushort width = 0;
        ushort height = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                bool isWidth = reader.ValueTextEquals("Width"u8);
                if (!isWidth && !reader.ValueTextEquals("Height"u8))
                    continue;
                if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetUInt16(out ushort number))
                    return false;
                width = isWidth ? number : width;
                height = isWidth ? height : number;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter says that a name in it is no text, such as half a surrogate pair.
            return false;
        }

        if (width == 0 || height == 0)
            return false;
        Width = width;
        Height = height;
        return true;
    }
}
