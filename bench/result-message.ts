// A synthetic 15-segment ORU^R01, about 1.6 KB in UTF-8.

export function resultMessage(number: number): Buffer {
  const id = String(number).padStart(7, '0');
  const segments = [
    `MSH|^~\\&|RIS|TESTHOSP|BRIDGE|CLOUD|20260303141500+0800||ORU^R01^ORU_R01|C${id}|P|2.5.1|||AL|NE||UNICODE UTF-8`,
    `PID|1||P${id}^^^RIS^MR~00000019800101003X^^^CN^NI||欧阳^示例^^^^^L~OUYANG^SHILI^^^^^A||19800101|F|||虚构路1号^^测试市^^100000^CN^H||^PRN^PH^^86^10^16100000001`,
    `PV1|1|O|RAD^101^1^TESTHOSP|R|||1001^测医甲^^^^DR|1002^测医乙^^^^DR||RAD||||||||V${id}^^^RIS^VN`,
    `ORC|RE|PL${id}^RIS|FI${id}^RIS||CM||||20260303101400|||1001^测医甲^^^^DR|||||0301^骨科`,
    `OBR|1|PL${id}^RIS|FI${id}^RIS|CT001^胸部CT平扫^LOCAL|R|20260303090000|20260303091000|||||||||1001^测医甲^^^^DR||A${id}||||20260303101400||CT|F|||||||2001&审核甲`,
    'OBX|1|TX|FIND^影像所见^L||双肺纹理清晰，右肺上叶后段见磨玻璃结节，大小约8\\T\\6mm，边界欠清。||||||F|||20260303101400',
    'OBX|2|TX|FIND^影像所见^L||气管及各级支气管通畅，纵隔内未见明显肿大淋巴结。主动脉壁见钙化。||||||F|||20260303101400',
    'OBX|3|TX|FIND^影像所见^L||心影不大，心包未见积液。||||||F|||20260303101400',
    'OBX|4|TX|IMP^检查印象^L||1. 右肺上叶磨玻璃结节，建议3月后随访。\\.br\\2. 主动脉钙化。||||||F|||20260303101400',
    'OBX|5|TX|IMP^检查印象^L||3. 未见胸腔积液。||||||F|||20260303101400',
    'OBX|6|NM|HT^Body height^L||168|cm|||||F',
    'OBX|7|NM|WT^Body weight^L||61|kg|||||F',
    'NTE|1||请结合临床。',
    'DG1|1||R91^肺部阴影^I10',
    `ZDS|1.2.826.0.1.3680043.10.9999.${number + 1}^RIS^Application^DICOM`,
  ];
  return Buffer.from(`${segments.join('\r')}\r`, 'utf8');
}
