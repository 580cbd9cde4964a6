using System.Globalization;

namespace Sallyport.Policy.Matching;

/// <summary>The ports of a destination: <c>443</c>, <c>80,443</c>, <c>8000-8999</c>, or <c>*</c>.</summary>
internal sealed class PortList
{
    private const int MostRanges = 32;

    private readonly (ushort First, ushort Last)[] _ranges;

    private PortList((ushort, ushort)[] ranges) => _ranges = ranges;

    /// <summary>Reads a list; null when it is none.</summary>
    public static PortList? Parse(string text)
    {
        if (text == "*")
            return new PortList([]);
        string[] parts = text.Split(',');
        if (parts.Length > MostRanges)
            return null;
        List<(ushort, ushort)> ranges = [];
        foreach (string part in parts)
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TryPort(ends[0], out ushort first) || !TryPort(ends[^1], out ushort last) || first > last)
                return null;
            ranges.Add((first, last));
        }

        return new PortList([.. ranges]);
    }

    /// <summary>True when the port is one of them. Port 0 is any that the listener is given, and widely so is what is no port.</summary>
    public bool Contains(ReadOnlySpan<byte> port, bool narrow)
    {
        if (_ranges.Length == 0)
            return true;
        int number = Number(port);
        if (number <= 0 && !narrow)
            return true;
        foreach ((ushort first, ushort last) in _ranges)
        {
            if (number >= first && number <= last)
                return true;
        }

        return false;
    }

    private static bool TryPort(string text, out ushort port) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);

    private static int Number(ReadOnlySpan<byte> port)
    {
        if (port.Length is < 1 or > 5)
            return -1;
        int number = 0;
        foreach (byte digit in port)
        {
            if (!char.IsAsciiDigit((char)digit))
                return -1;
            number = number * 10 + digit - '0';
        }

        return number > ushort.MaxValue ? -1 : number;
    }
}
