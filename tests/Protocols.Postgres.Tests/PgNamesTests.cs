using System.Text;
using CsCheck;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

public sealed class PgNamesTests
{
    [Fact]
    public void Names_are_one_when_PostgreSQL_keeps_the_same_63_bytes_of_them()
    {
        var names = new PgNames<int>();
        string head = new('n', 63);
        names.Set(Encoding.UTF8.GetBytes(head + "one"), 1);
        Assert.True(names.TryGet(Encoding.UTF8.GetBytes(head + "two"), out int value));
        Assert.Equal(1, value);
        Assert.True(names.TryGet(Encoding.UTF8.GetBytes(head), out _));
        Assert.False(names.TryGet(Encoding.UTF8.GetBytes(head[..62]), out _));
        names.Set(Encoding.UTF8.GetBytes(head + "two"), 2);
        Assert.Equal(1, names.Count);
        names.Remove(Encoding.UTF8.GetBytes(head + "three"));
        Assert.Equal(0, names.Count);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_told_apart_too()
    {
        var names = new PgNames<int>();
        names.Set([0xFF], 1);
        names.Set([0xFE], 2);
        names.Set([0xC3, 0xA9], 3);
        names.Set([0xE9], 4);
        Assert.Equal(4, names.Count);
        Assert.True(names.TryGet([0xFE], out int value));
        Assert.Equal(2, value);
        Assert.False(names.TryGet([0xC3], out _));
    }

    [Fact]
    public void A_character_cut_in_two_at_the_63rd_byte_is_cut_there()
    {
        var names = new PgNames<int>();
        byte[] name = [.. Encoding.UTF8.GetBytes(new string('n', 62)), 0xC3, 0xA9];
        names.Set(name, 1);
        name[63] = 0xA8;
        Assert.True(names.TryGet(name, out _));
        name[62] = 0xC4;
        Assert.False(names.TryGet(name, out _));
    }

    [Fact]
    public void It_is_a_dictionary_of_the_first_63_bytes() =>
        Gen.Select(Gen.Int[0, 2], Gen.Byte[0, 2].Array[60, 66], Gen.Int).Array[0, 40].Sample(operations =>
        {
            var names = new PgNames<int>();
            var naive = new Dictionary<string, int>();
            foreach ((int operation, byte[] name, int value) in operations)
            {
                string key = Convert.ToHexString(name.AsSpan(0, Math.Min(name.Length, 63)));
                switch (operation)
                {
                    case 0:
                        names.Set(name, value);
                        naive[key] = value;
                        break;
                    case 1:
                        names.Remove(name);
                        naive.Remove(key);
                        break;
                    default:
                        if (names.TryGet(name, out int got) != naive.TryGetValue(key, out int expected) || got != expected)
                            return false;
                        break;
                }
            }

            return names.Count == naive.Count && names.Values.Order().SequenceEqual(naive.Values.Order());
        });
}
