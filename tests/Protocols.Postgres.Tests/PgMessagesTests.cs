using System.Text;
using CsCheck;
using Sallyport.Protocols.Postgres.Tests.Doubles;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Postgres.Tests;

/// <summary>Every view reads its message exactly, and neither one cut short anywhere nor one with a byte too many.</summary>
public sealed class PgMessagesTests
{
    private delegate bool Reads(ReadOnlySpan<byte> body);

    [Fact]
    public void Parse_is_a_name_a_text_and_types()
    {
        byte[] body = Msg.Made(FrontendMessage.Parse, w => w.CString("s").CString("select $1").Int16(2).Int32(23).Int32(25))[5..];
        Assert.True(PgParse.TryRead(body, out PgParse parse));
        Assert.Equal("s"u8, parse.Name);
        Assert.Equal("select $1"u8, parse.Query);
        AssertExact(body, static b => PgParse.TryRead(b, out _));
    }

    [Fact]
    public void A_count_of_types_is_unsigned_and_must_be_followed_by_as_many()
    {
        Assert.False(PgParse.TryRead([0, 0, 0xFF, 0xFF], out _));
        byte[] most = [0, 0, 0xFF, 0xFF, .. new byte[65535 * 4]];
        Assert.True(PgParse.TryRead(most, out _));
    }

    [Fact]
    public void The_head_of_Bind_is_two_names_and_needs_no_more()
    {
        byte[] body = Msg.Bind("portal", "statement")[5..];
        int end = "portal\0statement\0".Length;
        for (int length = 0; length <= body.Length; length++)
        {
            Assert.Equal(length < end ? ParseStatus.NeedMore : ParseStatus.Done, PgBindHead.TryRead(body.AsSpan(0, length), isWhole: false, out _));
            Assert.Equal(length < end ? ParseStatus.Malformed : ParseStatus.Done, PgBindHead.TryRead(body.AsSpan(0, length), isWhole: true, out _));
        }

        Assert.Equal(ParseStatus.Done, PgBindHead.TryRead(body, isWhole: true, out PgBindHead bind));
        Assert.Equal("portal"u8, bind.Portal);
        Assert.Equal("statement"u8, bind.Statement);
    }

    [Fact]
    public void Describe_and_Close_name_a_statement_or_a_portal_and_nothing_else()
    {
        Assert.True(PgNamed.TryRead("Sname\0"u8, out PgNamed statement));
        Assert.True(statement.IsStatement);
        Assert.Equal("name"u8, statement.Name);
        Assert.True(PgNamed.TryRead("P\0"u8, out PgNamed portal));
        Assert.False(portal.IsStatement);
        Assert.True(portal.Name.IsEmpty);
        AssertExact("Sname\0"u8.ToArray(), static b => PgNamed.TryRead(b, out _));
        foreach (char kind in "spX\0")
            Assert.False(PgNamed.TryRead(Encoding.ASCII.GetBytes(kind + "name\0"), out _));
    }

    [Fact]
    public void Execute_is_a_portal_and_a_number()
    {
        byte[] body = Msg.Execute("c", 100)[5..];
        Assert.True(PgExecute.TryRead(body, out PgExecute execute));
        Assert.Equal("c"u8, execute.Portal);
        AssertExact(body, static b => PgExecute.TryRead(b, out _));
    }

    [Fact]
    public void Query_is_one_text_and_nothing_is_hidden_behind_a_zero()
    {
        Assert.True(PgQuery.TryRead("select 1\0"u8, out PgQuery query));
        Assert.Equal("select 1"u8, query.Text);
        AssertExact("select 1\0"u8.ToArray(), static b => PgQuery.TryRead(b, out _));
        Assert.False(PgQuery.TryRead("select 1\0drop table t\0"u8, out _));
    }

    [Fact]
    public void ParameterStatus_is_a_name_and_a_value()
    {
        Assert.True(PgParameterStatus.TryRead("client_encoding\0UTF8\0"u8, out PgParameterStatus status));
        Assert.Equal("client_encoding"u8, status.Name);
        Assert.Equal("UTF8"u8, status.Value);
        AssertExact("a\0\0"u8.ToArray(), static b => PgParameterStatus.TryRead(b, out _));
    }

    [Fact]
    public void RowDescription_gives_its_fields_one_by_one()
    {
        byte[] body = Msg.RowDescription((16400, 2), (0, 0), (uint.MaxValue, -1))[5..];
        Assert.True(PgRowDescription.TryOpen(body, out PgRowDescription fields));
        Assert.Equal(3, fields.Remaining);
        Assert.Equal(new PgField(16400, 2, 25, 0), Next(ref fields));
        Assert.Equal(new PgField(0, 0, 25, 0), Next(ref fields));
        Assert.Equal(new PgField(uint.MaxValue, -1, 25, 0), Next(ref fields));
        Assert.False(fields.TryNext(out _));
        Assert.True(fields.IsComplete);
        AssertExact(body, ReadsRowDescription);
        Assert.True(ReadsRowDescription([0, 0]));
        Assert.False(ReadsRowDescription([0xFF, 0xFF]));
    }

    [Fact]
    public void Error_fields_end_with_a_zero_and_nothing_behind_it()
    {
        byte[] body = Msg.Error("42501", "no", ('D', "why"))[5..];
        Assert.Equal("42501"u8, PgErrorFields.Find(body, (byte)'C'));
        Assert.Equal("why"u8, PgErrorFields.Find(body, (byte)'D'));
        Assert.True(PgErrorFields.Find(body, (byte)'H').IsEmpty);
        AssertExact(body, ReadsErrorFields);
        Assert.True(ReadsErrorFields([0]));
    }

    [Fact]
    public void Whatever_the_bytes_no_view_throws() =>
        Gen.Byte.Array[0, 64].Sample(body =>
        {
            PgParse.TryRead(body, out _);
            PgBindHead.TryRead(body, isWhole: true, out _);
            PgNamed.TryRead(body, out _);
            PgExecute.TryRead(body, out _);
            PgQuery.TryRead(body, out _);
            PgParameterStatus.TryRead(body, out _);
            ReadsRowDescription(body);
            ReadsErrorFields(body);
        });

    private static PgField Next(ref PgRowDescription fields)
    {
        Assert.True(fields.TryNext(out PgField field));
        return field;
    }

    private static void AssertExact(byte[] body, Reads reads)
    {
        Assert.True(reads(body));
        for (int length = 0; length < body.Length; length++)
            Assert.False(reads(body.AsSpan(0, length)), $"read from {length} of {body.Length} bytes");
        Assert.False(reads([.. body, 0]));
        Assert.False(reads([.. body, (byte)'x']));
    }

    private static bool ReadsRowDescription(ReadOnlySpan<byte> body)
    {
        if (!PgRowDescription.TryOpen(body, out PgRowDescription fields))
            return false;
        while (fields.TryNext(out _))
        {
        }

        return fields.IsComplete;
    }

    private static bool ReadsErrorFields(ReadOnlySpan<byte> body)
    {
        var fields = new PgErrorFields(body);
        while (fields.TryNext(out _, out _))
        {
        }

        return fields.IsComplete;
    }
}
