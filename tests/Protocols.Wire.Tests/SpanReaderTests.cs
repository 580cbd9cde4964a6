using CsCheck;

namespace Sallyport.Protocols.Wire.Tests;

public sealed class SpanReaderTests
{
    [Fact]
    public void Fields_are_read_big_endian_and_in_order()
    {
        var reader = new SpanReader([7, 0xFF, 0xFE, 0x80, 0, 0, 1, (byte)'a', 0, 9, 8]);
        Assert.Equal(7, reader.ReadByte());
        Assert.Equal(-2, reader.ReadInt16());
        Assert.Equal(int.MinValue + 1, reader.ReadInt32());
        Assert.Equal("a"u8, reader.ReadCString());
        Assert.False(reader.AtEnd);
        Assert.Equal([9, 8], reader.ReadBytes(2).ToArray());
        Assert.True(reader.AtEnd);
    }

    [Fact]
    public void An_empty_body_is_at_its_end_until_something_is_asked_of_it()
    {
        var reader = new SpanReader([]);
        Assert.True(reader.AtEnd);
        Assert.True(reader.ReadBytes(0).IsEmpty);
        Assert.True(reader.AtEnd);
        Assert.Equal(0, reader.ReadByte());
        Assert.True(reader.Failed);
        Assert.False(reader.AtEnd);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    public void A_count_that_is_negative_or_too_large_fails(int count)
    {
        var reader = new SpanReader([1, 2, 3, 4]);
        Assert.True(reader.ReadBytes(count).IsEmpty);
        Assert.True(reader.Failed);
    }

    [Fact]
    public void Failure_sticks_and_every_later_read_gives_its_default()
    {
        var reader = new SpanReader([1, 2, 3]);
        Assert.Equal(0, reader.ReadInt32());
        Assert.Equal(0, reader.ReadByte());
        Assert.Equal(0, reader.ReadInt16());
        Assert.True(reader.ReadBytes(0).IsEmpty);
        Assert.True(reader.ReadCString().IsEmpty);
        Assert.True(reader.Failed);
        Assert.False(reader.AtEnd);
    }

    [Fact]
    public void A_string_without_its_zero_fails_and_an_empty_string_does_not()
    {
        var reader = new SpanReader([0, (byte)'x']);
        Assert.True(reader.ReadCString().IsEmpty);
        Assert.False(reader.Failed);
        Assert.True(reader.ReadCString().IsEmpty);
        Assert.True(reader.Failed);
    }

    [Fact]
    public void Whatever_is_read_of_whatever_bytes_nothing_throws_and_nothing_is_read_twice() =>
        Gen.Select(Gen.Byte.Array[0, 30], Gen.Select(Gen.Int[0, 4], Gen.Int[-3, 12]).Array[0, 12]).Sample((body, reads) =>
        {
            var reader = new SpanReader(body);
            int expectedRest = body.Length;
            foreach ((int kind, int count) in reads)
            {
                int before = reader.Rest.Length;
                bool failedBefore = reader.Failed;
                int taken = kind switch
                {
                    0 => Taken(1, reader.ReadByte()),
                    1 => Taken(2, reader.ReadInt16()),
                    2 => Taken(4, reader.ReadInt32()),
                    3 => reader.ReadBytes(count).Length,
                    _ => reader.ReadCString().Length + 1,
                };
                if (failedBefore && !reader.Failed)
                    return false;
                if (!reader.Failed)
                    expectedRest -= taken;
                if (reader.Rest.Length != expectedRest || reader.Rest.Length > before)
                    return false;
            }

            return true;
        });

    private static int Taken(int size, int value)
    {
        _ = value;
        return size;
    }
}
