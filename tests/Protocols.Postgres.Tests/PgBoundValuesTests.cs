using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>The values of a Bind as an approver reads them.</summary>
public sealed class PgBoundValuesTests
{
    [Theory]
    [InlineData(16u, "01", "bool", "true")]
    [InlineData(20u, "FFFFFFFFFFFFFFFE", "int8", "-2")]
    [InlineData(21u, "0100", "int2", "256")]
    [InlineData(23u, "80000000", "int4", "-2147483648")]
    [InlineData(26u, "FFFFFFFF", "oid", "4294967295")]
    [InlineData(700u, "3FC00000", "float4", "1.5")]
    [InlineData(701u, "BFF8000000000000", "float8", "-1.5")]
    [InlineData(25u, "C3A9", "text", "é")]
    [InlineData(25u, "C3", "text", "\\xc3")]
    [InlineData(3802u, "017B7D", "jsonb", "{}")]
    [InlineData(3802u, "027B7D", "jsonb", "\\x027b7d")]
    [InlineData(1082u, "00000001", "date", "2000-01-02")]
    [InlineData(1082u, "7FFFFFFF", "date", "infinity")]
    [InlineData(1114u, "00000000000F4240", "timestamp", "2000-01-01 00:00:01")]
    [InlineData(1184u, "0000000000000001", "timestamptz", "2000-01-01 00:00:00.000001+00")]
    [InlineData(1184u, "7FFFFFFFFFFFFFFE", "timestamptz", "2000-01-01 + 9223372036854775806 microseconds")]
    [InlineData(2950u, "A0EEBC999C0B4EF8BB6D6BB9BD380A11", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]
    [InlineData(17u, "0001FF", "bytea", "\\x0001ff")]
    [InlineData(23u, "01", "int4", "\\x01")]
    [InlineData(99_999u, "01", "99999", "\\x01")]
    [InlineData(0u, "01", "", "\\x01")]
    public void A_binary_value_is_shown_as_PostgreSQL_would_print_it_or_in_hexadecimal(uint type, string hex, string name, string shown)
    {
        PgBoundValues values = PgBoundValues.TryRead(Body(w => w.Int16(1).Int16(1).Int16(1).Int32(hex.Length / 2).Bytes(Convert.FromHexString(hex)).Int16(0)))!;
        Assert.Equal(new HeldParameter(name, shown), PgParameterText.Read(type, values, 0));
    }

    [Fact]
    public void A_text_value_and_NULL_are_shown_as_they_are()
    {
        PgBoundValues values = PgBoundValues.TryRead(Body(w => w.Int16(0).Int16(2).Int32(1).Bytes("7"u8).Int32(-1).Int16(0)))!;
        Assert.Equal(new HeldParameter("int4", "7"), PgParameterText.Read(23, values, 0));
        Assert.Equal(new HeldParameter("int4", null), PgParameterText.Read(23, values, 1));
    }

    [Fact]
    public void What_is_no_Bind_is_not_read()
    {
        Assert.Null(PgBoundValues.TryRead(Body(w => w.Int16(0).Int16(1).Int32(-2).Int16(0))));
        Assert.Null(PgBoundValues.TryRead(Body(w => w.Int16(2).Int16(0).Int16(0).Int16(1).Int32(-1).Int16(0))));
        Assert.Null(PgBoundValues.TryRead(Body(w => w.Int16(0).Int16(1).Int32(5).Bytes("abcd"u8))));
        Assert.Null(PgBoundValues.TryRead(Body(w => w.Int16(0).Int16(0).Int16(0).Byte(0))));
        Assert.Null(PgBoundValues.TryRead(Body(w => w.Int16(0).Int16(-1).Int16(0))));
        Assert.Null(PgBoundValues.TryRead([]));
    }

    [Fact]
    public void No_bytes_make_it_throw_or_ask_for_more_room_than_there_are_bytes() =>
        Gen.OneOf(Gen.Byte.Array[0, 64], Gen.Int[0, 5].Select(i => (byte)i).Array[0, 64]).Sample(body =>
        {
            PgBoundValues? values = PgBoundValues.TryRead(body);
            for (int i = 0; i < (values?.Count ?? 0); i++)
            {
                foreach (uint type in new uint[] { 0, 16, 23, 25, 1082, 1114, 2950, 3802 })
                    PgParameterText.Read(type, values!, i);
            }

            return values is null || values.Count <= body.Length / 4;
        }, iter: 20_000);

    [Fact]
    public void Every_date_and_time_can_be_shown() =>
        Gen.Select(Gen.Int, Gen.Long).Sample((days, microseconds) =>
        {
            byte[] body = Body(w => w.Int16(1).Int16(1).Int16(2).Int32(4).Int32(days).Int32(8).Int32((int)(microseconds >> 32)).Int32((int)microseconds).Int16(0));
            PgBoundValues values = PgBoundValues.TryRead(body)!;
            return PgParameterText.Read(1082, values, 0).Value!.Length > 0 && PgParameterText.Read(1184, values, 1).Value!.Length > 0;
        });

    private static byte[] Body(Action<PgWriter> rest) => Msg.Made((byte)'B', w =>
    {
        w.CString("").CString("");
        rest(w);
    })[5..];
}
