using Sallyport.Protocols.Postgres.Transcript;

namespace Sallyport.Replay.Tests.Transcript;

/// <summary>Binary values as PostgreSQL itself would print them.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData(16u, "01", "t")]
    [InlineData(16u, "00", "f")]
    [InlineData(20u, "ffffffffffffffff", "-1")]
    [InlineData(21u, "8000", "-32768")]
    [InlineData(23u, "0000002a", "42")]
    [InlineData(26u, "ffffffff", "4294967295")]
    [InlineData(700u, "3fc00000", "1.5")]
    [InlineData(701u, "7ff8000000000000", "NaN")]
    [InlineData(25u, "c3a9", "é")]
    [InlineData(1043u, "61", "a")]
    [InlineData(17u, "00ff", @"\x00ff")]
    [InlineData(114u, "7b7d", "{}")]
    [InlineData(3802u, "017b7d", "{}")]
    [InlineData(3802u, "027b7d", @"\x027b7d")]
    [InlineData(1082u, "00000000", "2000-01-01")]
    [InlineData(1082u, "ffffffff", "1999-12-31")]
    [InlineData(1082u, "7fffffff", "infinity")]
    [InlineData(1082u, "7ffffffe", @"\x7ffffffe")]
    [InlineData(1184u, "00000000000f4240", "2000-01-01 00:00:01+00")]
    [InlineData(1184u, "0000000000000001", "2000-01-01 00:00:00.000001+00")]
    [InlineData(1184u, "8000000000000000", "-infinity")]
    [InlineData(1114u, "7ffffffffffffffe", @"\x7ffffffffffffffe")]
    [InlineData(2950u, "0195941e8d0070008000012345678 9ab", "0195941e-8d00-7000-8000-0123456789ab")]
    [InlineData(1700u, "0000000000000000", "0")]
    [InlineData(1700u, "0002000000000002 007b 1194", "123.45")]
    [InlineData(1700u, "0001000140000000 0001", "-10000")]
    [InlineData(1700u, "0001ffff00000004 0001", "0.0001")]
    [InlineData(1700u, "0001fffe00000008 000c", "0.00000012")]
    [InlineData(1700u, "00000000c0000000", "NaN")]
    [InlineData(1700u, "0002000000000002 007b", @"\x0002000000000002007b")]
    [InlineData(1700u, "00017fff00000000 0001", @"\x00017fff000000000001")]
    [InlineData(23u, "00", @"\x00")]
    [InlineData(99999u, "cafe", @"\xcafe")]
    public void A_binary_value_reads_as_its_text(uint type, string hex, string expected)
    {
        byte[] value = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Script script = new Script()
            .Parse("", "select $1", type).Bind("", "", [1], [value]).Execute("").Sync()
            .ParseComplete().BindComplete().Complete("SELECT 1").Ready();
        var statement = (PgStatementEntry)Assert.Single(script.Play("whole"));
        Assert.Equal(expected, Assert.Single(statement.Parameters).Value);
    }
}
