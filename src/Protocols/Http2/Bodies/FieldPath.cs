using System.Buffers;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// Where in an object a value stands, as docs/policy.md writes it: <c>spec.containers[*].image</c>. A key with other characters than letters, digits, <c>-</c> and <c>_</c>
/// stands in brackets and double quotes, in which a backslash stands before quotes and backslashes; <c>[*]</c> is every element of a list.
/// </summary>
internal sealed class FieldPath
{
    /// <summary>Deepest nesting. Schemas in definitions of custom resources are the deepest that Kubernetes has.</summary>
    public const int MostDepth = 128;

    /// <summary>Longest path: nobody writes rules for longer ones.</summary>
    public const int MostBytes = 1 << 15;

    private const int KeptBytes = 1 << 10;

    private static readonly SearchValues<byte> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"u8);

    private readonly int[] _ends = new int[MostDepth + 1];
    private byte[] _bytes = new byte[256];

    public int Depth { get; private set; }

    public ReadOnlySpan<byte> Text => _bytes.AsSpan(0, _ends[Depth]);

    /// <summary>The last step, as it stands in the path.</summary>
    public ReadOnlySpan<byte> Last => Step(Depth);

    /// <summary>One of the steps, counted from 1.</summary>
    public ReadOnlySpan<byte> Step(int depth) => _bytes.AsSpan(_ends[depth - 1].._ends[depth]);

    /// <summary>The path as far as to one of its steps.</summary>
    public ReadOnlySpan<byte> Upto(int depth) => _bytes.AsSpan(0, _ends[depth]);

    /// <summary>Bytes that are kept for the next path.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>Begins anew; what one long path needed is let go.</summary>
    public void Clear()
    {
        Depth = 0;
        if (_bytes.Length > KeptBytes)
            _bytes = new byte[KeptBytes];
    }

    public void Pop() => Depth--;

    /// <returns>False: it would be too deep or too long.</returns>
    public bool TryPushElement() => TryPush("[*]"u8);

    /// <returns>False: it would be too deep or too long.</returns>
    public bool TryPushKey(ReadOnlySpan<byte> key)
    {
        int at = _ends[Depth];
        // Every character may take a backslash; brackets and quotes take four.
        if (Depth == MostDepth || key.Length > MostBytes || at + (key.Length * 2) + 4 > MostBytes * 2)
            return false;
        Reserve(at + (key.Length * 2) + 4);
        if (!key.IsEmpty && !key.ContainsAnyExcept(Plain))
        {
            if (at > 0)
                _bytes[at++] = (byte)'.';
            key.CopyTo(_bytes.AsSpan(at));
            at += key.Length;
        }
        else
        {
            at = Quote(key, at);
        }

        if (at > MostBytes)
            return false;
        _ends[++Depth] = at;
        return true;
    }

    private bool TryPush(ReadOnlySpan<byte> step)
    {
        int at = _ends[Depth];
        if (Depth == MostDepth || at + step.Length > MostBytes)
            return false;
        Reserve(at + step.Length);
        step.CopyTo(_bytes.AsSpan(at));
        _ends[++Depth] = at + step.Length;
        return true;
    }

    private int Quote(ReadOnlySpan<byte> key, int at)
    {
        _bytes[at++] = (byte)'[';
        _bytes[at++] = (byte)'"';
        foreach (byte c in key)
        {
            if (c is (byte)'"' or (byte)'\\')
                _bytes[at++] = (byte)'\\';
            _bytes[at++] = c;
        }

        _bytes[at++] = (byte)'"';
        _bytes[at++] = (byte)']';
        return at;
    }

    private void Reserve(int length)
    {
        if (length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
    }
}
