using System.Buffers.Binary;

namespace Sallyport.Fuzz;

/// <summary>Small changes to known inputs, the same for the same seed on every machine.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> corpus)
{
    private const int LongestInput = 1 << 16;

    // Lengths at which parsers go wrong: around zero, around the four bytes of a length itself, around each sign bit and wrap.
    private static readonly uint[] Lengths =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

    private static readonly byte[] Bytes = [0, 1, 0x7f, 0x80, 0xff, (byte)'\'', (byte)'"', (byte)'$', (byte)'\\', (byte)'-', (byte)'/', (byte)'*', (byte)';', (byte)'\n', (byte)':', (byte)'&'];

    // System.Random with a seed keeps its algorithm across versions of .NET (documented compatibility).
    private readonly Random _random = new(seed);

    /// <summary>One of the inputs, changed in one to eight places.</summary>
    public byte[] Next()
    {
        List<byte> input = [.. corpus[_random.Next(corpus.Count)]];
        for (int changes = 1 << _random.Next(4); changes > 0; changes--)
            Change(input);
        if (input.Count > LongestInput)
            input.RemoveRange(LongestInput, input.Count - LongestInput);
        return [.. input];
    }

    private void Change(List<byte> input)
    {
        int at = _random.Next(input.Count + 1);
        int rest = input.Count - at;
        switch (_random.Next(8))
        {
            case 0 when rest > 0:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when rest > 0:
                input[at] = Bytes[_random.Next(Bytes.Length)];
                break;
            case 2 when rest >= 4:
                WriteLength(input, at);
                break;
            case 3:
                input.Insert(at, Bytes[_random.Next(Bytes.Length)]);
                break;
            case 4 when rest > 0:
                input.RemoveRange(at, _random.Next(rest) + 1);
                break;
            case 5 when rest > 0:
                input.InsertRange(at, input.GetRange(at, _random.Next(Math.Min(rest, 256)) + 1));
                break;
            case 6 when rest > 0:
                input.RemoveRange(at, _random.Next(Math.Min(rest, 8)) + 1);
                break;
            default:
                byte[] other = corpus[_random.Next(corpus.Count)];
                int from = _random.Next(other.Length + 1);
                input.InsertRange(at, other[from..(from + _random.Next(other.Length - from + 1))]);
                break;
        }
    }

    private void WriteLength(List<byte> input, int at)
    {
        Span<byte> word = stackalloc byte[4];
        uint value = Lengths[_random.Next(Lengths.Length)];
        if (_random.Next(2) == 0)
            BinaryPrimitives.WriteUInt32BigEndian(word, value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(word, value);
        for (int i = 0; i < 4; i++)
            input[at + i] = word[i];
    }
}
