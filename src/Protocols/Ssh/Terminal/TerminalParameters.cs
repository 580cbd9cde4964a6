namespace Sallyport.Protocols.Ssh.Terminal;

/// <summary>The numbers of a control sequence (ECMA-48 5.4): bounded in count and size; what is beyond is dropped.</summary>
public sealed class TerminalParameters
{
    public const int MaxCount = 32;
    private const int MaxValue = 65535;

    // One more than is told, which swallows the digits of all that is beyond.
    private readonly int[] _values = new int[MaxCount + 1];
    private uint _joined;
    private int _count;

    /// <summary>How many there are; an empty one counts.</summary>
    public int Count => Math.Min(_count, MaxCount);

    /// <summary>Number <paramref name="index"/>, -1 when it is empty or absent.</summary>
    public int this[int index] => index < Count ? _values[index] : -1;

    /// <summary>True when it follows a colon, and so belongs to the number before it (ISO 8613-6).</summary>
    public bool IsJoined(int index) => index < Count && (_joined & (1u << index)) != 0;

    /// <summary>Number <paramref name="index"/>; <paramref name="absent"/> when it is empty, absent or 0.</summary>
    public int Or(int index, int absent) => this[index] > 0 ? _values[index] : absent;

    internal void Clear()
    {
        _count = 0;
        _joined = 0;
    }

    internal void Digit(int digit)
    {
        if (_count == 0)
            Add(joined: false);
        ref int value = ref _values[_count - 1];
        value = Math.Min((Math.Max(value, 0) * 10) + digit, MaxValue);
    }

    internal void Separate(bool colon)
    {
        if (_count == 0)
            Add(joined: false);
        Add(colon);
    }

    private void Add(bool joined)
    {
        if (_count <= MaxCount)
            _count++;
        _values[_count - 1] = -1;
        if (joined && _count <= MaxCount)
            _joined |= 1u << (_count - 1);
    }
}
